/* TEMPLATE - a program to start from: copy it to tools/NAME.c, write man/NAME.1 and tests/NAME.test.
 *
 * Reads image streams and writes a table of their sizes and mean values. It is built, so that it stays right,
 * and not installed. */
#include "base/err.h"
#include "base/file.h"
#include "base/opt.h"
#include "stream/image.h"
#include "stream/table.h"

/* clang-format off */
static const char usage[] =
    "usage: TEMPLATE [-vq] [-m] [IMAGES ...]\n"
    "Writes a table of the names, sizes and mean values (0 to 1) of images.\n"
    "  -m, --maxval      the mean in units of the samples, 0 to maxval\n"
    USAGE_COMMON
    "examples:\n"
    "  imgcat -s train bottle | TEMPLATE\n"
    "  pngtopam photo.png | TEMPLATE --maxval\n";
/* clang-format on */

/* What the user asked for, nothing else. */
struct opts {
    bool maxval;
};

static double mean_value(const struct raster *r)
{
    size_t n = r->width * r->height * r->channels;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += raster_get(r, i);
    return sum / (double)n;
}

static void describe(const struct image *im, const struct opts *o)
{
    char width[24], height[24], mean[32];
    double unit = o->maxval ? 1 : (double)im->raster.maxval;
    snprintf(width, sizeof width, "%zu", im->raster.width);
    snprintf(height, sizeof height, "%zu", im->raster.height);
    snprintf(mean, sizeof mean, "%.6g", mean_value(&im->raster) / unit);
    table_write(stdout, "stdout", 4, (const char *const[]){image_name(im), width, height, mean});
}

/* One stream: a loop over its images. The reader dies on bad input, so there is nothing else to say. */
static void run(const char *file, const struct opts *o)
{
    FILE *f = file_open(file);
    struct image_reader *r = image_reader_new(f, file_label(file));
    struct image im = {0};
    while (image_read(r, &im))
        describe(&im, o);
    notice("%s: %zu images", file_label(file), image_reader_count(r));
    image_free(&im);
    image_reader_free(r);
    file_close(f);
}

static struct opts parse(int argc, char **argv)
{
    static const struct option table[] = {OPT_COMMON, {"maxval", no_argument, NULL, 'm'}, OPT_END};
    struct opts o = {0};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 'm':
            o.maxval = true;
            break;
        }
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    table_write(stdout, "stdout", 4, (const char *const[]){"name", "width", "height", "mean"});
    if (optind == argc)
        run(NULL, &o);
    for (; optind < argc; optind++)
        run(argv[optind], &o);
    return out_close();
}
