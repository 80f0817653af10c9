/* SPDX-License-Identifier: Apache-2.0 */
/* Networks of each kind against make_steps.py's numbers, which PyTorch computed in double: the gradients of a first step, and the
 * losses of ten. At the paper's rate of 0.1 a rounding error is a million times as large after ten such steps of WRN-16-1, in
 * PyTorch as here; so the rates are lower. */
#include "make_batch.h"
#include "test.h"
#include "train_recipe.h"

#include <math.h>

#define STEPS 10
#define MAX_PARAMS 256

struct expected {
    double losses[STEPS];
    int losses_read;
    double norms[MAX_PARAMS]; /* 0: not read */
    struct { int param; size_t element; double value; } elements[2 * MAX_PARAMS];
    int element_count;
};

static void read_expected(const char *name, struct expected *e)
{
    char path[512], word[16];
    int param;
    snprintf(path, sizeof path, "%s/tests/train/steps_%s.txt", WRN_TEST_SOURCE, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    *e = (struct expected){ .losses_read = 0 };
    while (fscanf(file, "%15s", word) == 1) {
        if (strcmp(word, "loss") == 0 && e->losses_read < STEPS) {
            assert_int_equal(fscanf(file, "%lf", &e->losses[e->losses_read++]), 1);
            continue;
        }
        assert_int_equal(fscanf(file, "%d", &param), 1);
        assert_true(param >= 0 && param < MAX_PARAMS && e->element_count < 2 * MAX_PARAMS);
        if (strcmp(word, "norm") == 0) {
            assert_int_equal(fscanf(file, "%lf", &e->norms[param]), 1);
        } else {
            e->elements[e->element_count].param = param;
            assert_int_equal(fscanf(file, "%zu %lf", &e->elements[e->element_count].element, &e->elements[e->element_count].value), 2);
            e->element_count++;
        }
    }
    fclose(file);
    assert_int_equal(e->losses_read, STEPS);
}

/* Elements to five times the tolerance, of the array's root mean square or of the element itself. */
static void check_gradients(const struct named_net *named, const struct wrnt_net *net, const struct expected *e)
{
    for (int32_t i = 0; i < net->param_count; i++) {
        const struct wrnt_param *p = &net->params[i];
        double square = 0;
        for (size_t j = 0; j < p->count; j++) square += pow(net->grads[p->offset + j], 2);
        if (!(e->norms[i] > 0 && fabs(sqrt(square) - e->norms[i]) <= named->tolerance * e->norms[i]))
            fail_msg("%s, isa %d: the gradient of %s has the norm %.8g, PyTorch's %.8g", named->name, net->kernels.isa, p->name, sqrt(square), e->norms[i]);
    }
    for (int i = 0; i < e->element_count; i++) {
        assert_true(e->elements[i].param < net->param_count);
        const struct wrnt_param *p = &net->params[e->elements[i].param];
        assert_true(e->elements[i].element < p->count);
        double got = net->grads[p->offset + e->elements[i].element], wanted = e->elements[i].value;
        double size = fmax(fabs(wanted), e->norms[e->elements[i].param] / sqrt((double)p->count));
        if (!(fabs(got - wanted) <= 5 * named->tolerance * size))
            fail_msg("%s, isa %d: element %zu of the gradient of %s is %.8g, PyTorch's %.8g", named->name, net->kernels.isa, e->elements[i].element, p->name, got,
                     wanted);
    }
}

static void check(const struct named_net *named, int32_t isa)
{
    const wrn_train_options options = { .struct_size = sizeof options, .rate = named->rate };
    struct wrnt_recipe recipe;
    struct expected expected;
    struct wrnt_net *net = make_named_net(named, isa);
    assert_ok(wrnt_recipe_make(&options, &recipe, &test_error));
    read_expected(named->name, &expected);
    for (int step = 0; step < named->steps; step++) {
        struct wrnt_batch batch = make_batch(net, named->batch, 11, (uint64_t)step);
        struct wrnt_result result;
        wrnt_net_step(net, &batch, &result);
        double got = result.loss / named->batch, wanted = expected.losses[step];
        if (!(fabs(got - wanted) <= 1e-4)) fail_msg("%s, isa %d, step %d: loss %.6f, PyTorch's is %.6f", named->name, isa, step, got, wanted);
        if (step == 0) check_gradients(named, net, &expected);
        wrnt_recipe_update(&recipe, recipe.rate, net);
        free_batch(&batch);
    }
    wrnt_net_free(net);
}

static void same_gradients_and_losses(void **state)
{
    struct wrn_cpu cpu;
    (void)state;
    wrn_cpu_detect(&cpu);
    for (const struct named_net *named = named_nets; named->name; named++)
        for (int32_t isa = WRN_ISA_C; isa <= WRN_ISA_NEON; isa++)
            if (cpu.isa_mask >> isa & 1) check(named, isa);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(same_gradients_and_losses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
