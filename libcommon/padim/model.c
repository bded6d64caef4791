/* The model file's part of padim.h. Tensors: taps (n x 3, height, width, channels), channels (the chosen),
 * mean (values of an image), factor.L of each level or basis; metadata: images, ridge. */
#include "base/mem.h"
#include "padim/padim.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tensor tensor_of(void *data, enum dtype type, size_t rank, const size_t *dim)
{
    struct tensor t = {.type = type, .rank = rank, .data = data};
    memcpy(t.dim, dim, rank * sizeof *dim);
    return t;
}

static void add_integers(struct safetensors *st, const char *name, const size_t *value, size_t rank,
                         const size_t *dim)
{
    struct tensor t = tensor_new(DT_I64, rank, dim);
    for (size_t i = 0; i < tensor_count(&t); i++)
        ((int64_t *)t.data)[i] = (int64_t)value[i];
    safetensors_add_owned(st, name, t);
}

static struct tensor factor_tensor(const struct padim_level *level, float *data)
{
    return tensor_of(data, DT_F32, 3, (size_t[]){level->rows.n, level->columns.n, padim_cell_size(level)});
}

static struct tensor basis_tensor(const struct padim *model, float *data)
{
    const struct padim_grid *grid = &model->grid;
    return tensor_of(data, DT_F32, 4, (size_t[]){grid->height, grid->width, model->images, grid->channels});
}

static void factor_name(char out[32], size_t level)
{
    snprintf(out, 32, "factor.%zu", level);
}

void padim_save(struct safetensors *st, struct padim *model)
{
    const struct padim_grid *grid = &model->grid;
    add_integers(st, "taps", grid->shape[0], 2, (size_t[]){grid->taps, 3});
    add_integers(st, "channels", grid->chosen, 1, &grid->channels);
    note_setf(&st->meta, "images", "%zu", model->images);
    note_setf(&st->meta, "ridge", "%.17g", model->ridge);
    safetensors_add_owned(st, "mean", tensor_of(model->mean, DT_F32, 1, &grid->values));
    if (model->form == PADIM_LOW_RANK)
        safetensors_add_owned(st, "basis", basis_tensor(model, model->basis));
    for (size_t l = 0; l < grid->levels && model->form == PADIM_PACKED; l++) {
        char name[32];
        factor_name(name, l);
        if (grid->level[l].channels)
            safetensors_add_owned(st, name, factor_tensor(&grid->level[l], model->factor[l]));
    }
    model->borrowed = true;
}

/* The data of a tensor that must be there, of this type and shape. */
static bool take(float **out, const struct safetensors *st, const char *name, struct tensor want,
                 struct err *e)
{
    const struct tensor *t = safetensors_find(st, name);
    char have[128], shape[128];
    if (!t)
        return err_set(e, "not a PaDiM model: no tensor %s", name);
    if (t->type != want.type || !tensor_same_shape(t, &want))
        return err_set(e, "tensor %s is %s, not %s of f32", name, tensor_shape_text(t, have),
                       tensor_shape_text(&want, shape));
    *out = t->data;
    return true;
}

/* A list of non-negative integers, n x `last` or, with last 0, n. free() it. */
static size_t *take_integers(const struct safetensors *st, const char *name, size_t last, size_t *n,
                             struct err *e)
{
    const struct tensor *t = safetensors_find(st, name);
    if (!t || t->type != DT_I64 || t->rank != (last ? 2u : 1u) || (last && t->dim[1] != last)) {
        err_set(e, "not a PaDiM model: no list of %s", name);
        return NULL;
    }
    *n = t->dim[0];
    size_t *list = xmalloc(tensor_count(t), sizeof *list);
    for (size_t i = 0; i < tensor_count(t); i++) {
        const int64_t x = ((const int64_t *)t->data)[i];
        list[i] = x < 0 ? SIZE_MAX : (size_t)x;
    }
    return list;
}

static bool load_grid(struct padim_grid *grid, const struct safetensors *st, struct err *e)
{
    size_t taps, channels, shape[PADIM_TAPS_MAX][3];
    size_t *list = take_integers(st, "taps", 3, &taps, e);
    if (!list)
        return false;
    if (taps <= PADIM_TAPS_MAX)
        memcpy(shape, list, taps * sizeof *shape);
    free(list);
    if (taps > PADIM_TAPS_MAX)
        return err_set(e, "%zu feature maps, at most %d are possible", taps, PADIM_TAPS_MAX);
    size_t *chosen = take_integers(st, "channels", 0, &channels, e);
    if (!chosen)
        return false;
    const bool good = padim_grid_new(grid, shape, taps, chosen, channels, e);
    free(chosen);
    return good;
}

static bool load_numbers(struct padim *model, const struct note *meta, struct err *e)
{
    const char *images = note_get(meta, "images"), *ridge = note_get(meta, "ridge");
    char *end;
    if (!images || !ridge)
        return err_set(e, "not a PaDiM model: images= and ridge= are missing");
    model->images = strtoul(images, &end, 10);
    if (*end || !model->images || model->images > PADIM_IMAGES_MAX)
        return err_set(e, "images=%s is not a number of images", images);
    model->ridge = strtod(ridge, &end);
    if (*end || !(model->ridge > 0) || !isfinite(model->ridge))
        return err_set(e, "ridge=%s is not a positive number", ridge);
    return true;
}

static bool load_arrays(struct padim *model, const struct safetensors *st, struct err *e)
{
    const struct padim_grid *grid = &model->grid;
    if (!take(&model->mean, st, "mean", tensor_of(NULL, DT_F32, 1, &grid->values), e))
        return false;
    model->form = safetensors_find(st, "basis") ? PADIM_LOW_RANK : PADIM_PACKED;
    if (padim_size(grid, model->images, model->form) == SIZE_MAX)
        return err_set(e, "absurd sizes");
    if (model->form == PADIM_LOW_RANK)
        return take(&model->basis, st, "basis", basis_tensor(model, NULL), e);
    for (size_t l = 0; l < grid->levels; l++) {
        char name[32];
        factor_name(name, l);
        if (grid->level[l].channels &&
            !take(&model->factor[l], st, name, factor_tensor(&grid->level[l], NULL), e))
            return false;
    }
    return true;
}

bool padim_load(struct padim *model, const struct safetensors *st, struct err *e)
{
    *model = (struct padim){.borrowed = true};
    if (load_numbers(model, &st->meta, e) && load_grid(&model->grid, st, e) && load_arrays(model, st, e))
        return true;
    padim_free(model);
    return false;
}
