/* SPDX-License-Identifier: Apache-2.0 */
/* Runs that begin with a model's weights. */
#include "make_cifar.h"
#include "test.h"
#include "train_run.h"

#include <unistd.h>

static char *work, *data, *first; /* a directory; CIFAR-10 in it; the run that the others begin with */

static char *keep(const char *name)
{
    return strdup(in(work, name));
}

static int setup(void **state)
{
    (void)state;
    work = strdup(make_directory());
    data = keep("data");
    first = keep("first");
    make_cifar10(data, 8, 20);
    wrn_train_options o = tiny_run(data, first);
    return run_trainer(&o, &test_error) != WRN_OK;
}

static int teardown(void **state)
{
    (void)state;
    remove_directory(work);
    free(work);
    free(data);
    free(first);
    return 0;
}

static wrn_trainer *begin(const wrn_train_options *o)
{
    wrn_trainer *trainer;
    assert_ok(wrn_train_create(o, &trainer, &test_error));
    return trainer;
}

static void same_numbers(const float *a, const float *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i]) fail_msg("number %zu is %g, not %g", i, (double)b[i], (double)a[i]);
}

/* The weights of the finished run are those that another one begins with, to the bit; averages too. */
static void all_of_them(void **state)
{
    (void)state;
    char *next = keep("next");
    wrn_train_options o = tiny_run(data, first);
    o.flags = WRN_TRAIN_RESUME;
    wrn_trainer *finished = begin(&o);
    const struct wrnt_net *net = finished->net;
    static const char *const files[] = { "model.wrn", "model.onnx" };
    for (int i = 0; i < 2; i++) {
        char *file = strdup(in(first, files[i]));
#if !defined(WRN_HAVE_ONNX)
        if (i == 1) {
            free(file);
            continue;
        }
#endif
        o = tiny_run(data, next);
        o.seed = 9;
        o.ema = 0.9;
        o.initial = file;
        wrn_trainer *t = begin(&o);
        wrn_train_info info = WRN_TRAIN_INFO_INIT;
        assert_ok(wrn_train_get_info(t, &info, &test_error));
        assert_int_equal(info.new_classifier, 0);
        same_numbers(net->values, t->net->values, net->floats);
        same_numbers(net->statistics, t->net->statistics, net->statistic_floats);
        same_numbers(net->values, t->average, net->floats);
        assert_non_null(strstr(t->training, i ? "from model.onnx, 2 epochs" : "from model.wrn, 2 epochs"));
        wrn_train_free(t);
        free(file);
    }
    wrn_train_free(finished);
    free(next);
}

static void another_number_of_classes(void **state)
{
    (void)state;
    char *hundred = keep("hundred"), *next = keep("more"), *file = strdup(in(first, "model.wrn"));
    make_cifar100(hundred, 40);
    wrn_train_options o = tiny_run(data, first);
    o.flags = WRN_TRAIN_RESUME;
    wrn_trainer *finished = begin(&o);
    o = tiny_run(hundred, next);
    o.initial = file;
    wrn_trainer *t = begin(&o);
    wrn_train_info info = WRN_TRAIN_INFO_INIT;
    assert_ok(wrn_train_get_info(t, &info, &test_error));
    assert_true(info.new_classifier == 1 && info.classes == 100);
    for (int32_t i = 0; i < t->net->param_count; i++) {
        const struct wrnt_param *p = &t->net->params[i], *theirs = &finished->net->params[i];
        if (p->kind == WRNT_PARAM_LINEAR || p->kind == WRNT_PARAM_BIAS) continue;
        same_numbers(finished->net->values + theirs->offset, t->net->values + p->offset, p->count);
    }
    wrn_train_free(finished);
    wrn_train_free(t);
    free(hundred);
    free(next);
    free(file);
}

static void refused(void **state)
{
    (void)state;
    char *next = keep("refused"), *file = strdup(in(first, "model.wrn")), *torn = keep("torn.wrn"), *other = keep("other.wrn");
    wrn_trainer *t;
    wrn_train_options o = tiny_run(data, next);
    o.initial = "";
    assert_fails(wrn_train_create(&o, &t, &test_error), WRN_E_ARG, "option initial is empty");
    o.initial = in(work, "nothing.wrn");
    assert_fails(wrn_train_create(&o, &t, &test_error), WRN_E_IO, "nothing.wrn");
    assert_int_not_equal(access(next, F_OK), 0);
    o.initial = file;
    for (int plan = 0; plan < 2; plan++) { /* a run, and one that is only planned */
        o.directory = plan ? NULL : next;
        o.network.depth += 6;
        assert_fails(wrn_train_create(&o, &t, &test_error), WRN_E_NOTFOUND, "model.wrn: there are no weights 'stage1.1.");
        o.network.depth -= 6;
        o.network.k *= 2;
        assert_fails(wrn_train_create(&o, &t, &test_error), WRN_E_SHAPE, "model.wrn: weights 'stage1.0.");
        o.network.k /= 2;
    }
    assert_ok(wrn_train_create(&o, &t, &test_error));
    wrn_train_free(t);
    o.directory = next;
    size_t size;
    unsigned char *bytes = read_file(file, &size);
    bytes[size - 1] ^= 1;
    write_file(other, bytes, size);
    write_file(torn, bytes, size / 2);
    free(bytes);
    o.initial = torn;
    assert_true(wrn_train_create(&o, &t, &test_error) != WRN_OK && strstr(test_error.message, "torn.wrn"));
    /* A run goes on with the file that it began with, and with no other. */
    o.initial = file;
    o.epochs = 1;
    assert_ok(run_trainer(&o, &test_error));
    o.flags = WRN_TRAIN_RESUME;
    assert_ok(run_trainer(&o, &test_error));
    o.initial = other;
    assert_fails(wrn_train_create(&o, &t, &test_error), WRN_E_ARG, "initial=");
    o.initial = NULL;
    assert_fails(wrn_train_create(&o, &t, &test_error), WRN_E_ARG, "initial=");
    free(next);
    free(file);
    free(torn);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_of_them), cmocka_unit_test(another_number_of_classes), cmocka_unit_test(refused) };
    return cmocka_run_group_tests(tests, setup, teardown);
}
