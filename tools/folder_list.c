/* SPDX-License-Identifier: Apache-2.0 */
#include "folder_list.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool items_add(struct items *items, const char *folder, const char *name, int32_t label, wrn_error *error)
{
    if (items->count == items->room) {
        size_t room = items->room ? 2 * items->room : 64;
        struct item *list = realloc(items->list, room * sizeof *list);
        if (!list) return fail_with(error, WRN_E_NOMEM, "no memory for the list of files");
        items->list = list;
        items->room = room;
    }
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (!path) return fail_with(error, WRN_E_NOMEM, "no memory for the list of files");
    snprintf(path, size, "%s%s%s", folder, folder[0] ? "/" : "", name);
    items->list[items->count++] = (struct item){ path, label };
    return true;
}

void items_free(struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->list[i].path);
    free(items->list);
    *items = (struct items){ 0 };
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct item *)a)->path, ((const struct item *)b)->path);
}

bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_image_name(const char *name)
{
    const char *ending = strrchr(name, '.');
    return ending &&
           (strcasecmp(ending, ".jpg") == 0 || strcasecmp(ending, ".jpeg") == 0 || strcasecmp(ending, ".png") == 0);
}

/* Adds what a folder holds and `wanted` says yes to, sorted by name; hidden files are left out. */
static bool list_folder(const char *folder, int32_t label, bool (*wanted)(const char *name), struct items *items,
                        wrn_error *error)
{
    bool done = true;
    size_t first = items->count;
    DIR *directory = opendir(folder);
    if (!directory) return fail_with(error, WRN_E_IO, "%s: %s", folder, system_message());
    for (const struct dirent *entry; done && (entry = readdir(directory));)
        if (entry->d_name[0] != '.' && (!wanted || wanted(entry->d_name)))
            done = items_add(items, folder, entry->d_name, label, error);
    closedir(directory);
    if (items->count > first) qsort(items->list + first, items->count - first, sizeof *items->list, compare_paths);
    return done;
}

bool list_subfolders(const char *folder, struct items *items, wrn_error *error)
{
    size_t kept = items->count;
    if (!list_folder(folder, 0, NULL, items, error)) return false;
    for (size_t i = kept; i < items->count; i++) {
        if (is_folder(items->list[i].path))
            items->list[kept++] = items->list[i];
        else
            free(items->list[i].path);
    }
    items->count = kept;
    return true;
}

bool list_images(const char *folder, int32_t label, struct items *items, wrn_error *error)
{
    return list_folder(folder, label, is_image_name, items, error);
}
