/* parts/ and the drawing under it: shapes against closed forms, noise, and that a defect changes nothing
 * outside its mask. */
#include "base/hash.h"
#include "image/font.h"
#include "image/noise.h"
#include "image/shape.h"
#include "parts/part.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>

static const double PI = 3.141592653589793;

static void shapes(void)
{
    double cosine = 0, turn = 0;
    for (int i = -2000; i <= 2000; i++) {
        double t = i / 733.0, x = cos(2 * PI * t), y = sin(2 * PI * t);
        cosine = worse(cosine, worse(fabs(shape_cos(t) - x), fabs(shape_sin(t) - y)));
        double off = shape_turn(3 * x, 3 * y) - t;
        turn = worse(turn, fabs(off - floor(off + 0.5)));
    }
    ok_close(cosine, 0, 4e-6, "cosine and sine of turns");
    ok_close(turn, 0, 1e-5, "the direction of a vector in turns");
    ok_close(shape_segment(3, 4, 0, 0, -1, 0), 5, 1e-12, "distance to a segment's end");
    ok_close(shape_segment(0.5, 2, 0, 0, 1, 0), 2, 1e-12, "distance to a segment's side");
    ok_close(shape_box(5, 6, 2, 2, 0), 5, 1e-12, "distance to a box's corner");
    ok_close(shape_box(0, 0, 2, 1, 0.5), -1, 1e-12, "depth inside a box");

    double area = 0, pixel = 1.0 / 64;
    for (int y = -128; y < 128; y++)
        for (int x = -128; x < 128; x++)
            area += shape_cover(shape_circle((x + 0.5) * pixel, (y + 0.5) * pixel, 1.25), pixel);
    ok_close(area * pixel * pixel, PI * 1.25 * 1.25, 2e-3, "the covered area of a disc is pi r^2");
}

static void noises(void)
{
    double sum = 0, squares = 0, most = 0, jump = 0, second = 0;
    int n = 0;
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++, n++) {
            double v = noise_normal(7, x, y), s = noise_smooth(3, x * 0.13 - 9, y * 0.13 - 9);
            sum += v;
            squares += v * v;
            most = worse(most, fabs(s));
            jump = worse(jump, fabs(noise_smooth(3, x, y * 0.13) - noise_smooth(3, x - 1e-9, y * 0.13)));
            struct noise_cell c = noise_cell(5, x * 0.17, y * 0.17);
            second += c.second < c.nearest;
        }
    ok_close(sum / n, 0, 0.02, "noise_normal: mean 0");
    ok_close(squares / n, 1, 0.03, "noise_normal: variance 1");
    ok(most <= 1.25 && most > 0.5, "noise_smooth stays near [-1, 1]");
    ok_close(jump, 0, 1e-7, "noise_smooth is continuous across the lattice");
    ok(second == 0, "the second cell is never nearer than the nearest");
    ok(font_dot('T', 0, 0) && font_dot('T', 4, 0) && font_dot('T', 2, 6) && !font_dot('T', 0, 6),
       "the letter T");
}

/* Names the first pixel outside the mask that differs; 0 when none does. */
static size_t outside(const struct raster *image, const struct raster *twin, const struct raster *mask)
{
    const uint8_t *a = image->samples, *b = twin->samples, *m = mask->samples;
    for (size_t i = 0; i < mask->width * mask->height; i++)
        if (!m[i] && memcmp(a + 3 * i, b + 3 * i, 3) != 0)
            return i + 1;
    return 0;
}

/* Pixels of the mask; of them, those that changed. */
static void count(const struct raster *image, const struct raster *twin, const struct raster *mask,
                  size_t *marked, size_t *changed)
{
    const uint8_t *a = image->samples, *b = twin->samples, *m = mask->samples;
    *marked = *changed = 0;
    for (size_t i = 0; i < mask->width * mask->height; i++) {
        *marked += m[i] != 0;
        *changed += m[i] && memcmp(a + 3 * i, b + 3 * i, 3) != 0;
    }
}

static void defects(const struct part_kind *kind, double ease)
{
    bool exact = true, visible = true, mostly = true;
    for (const struct flaw_recipe *f = kind->flaws; f->name; f++) {
        struct part_request q = {kind, f, ease, 64, 5, "a"};
        struct raster image, mask, twin;
        part_render(&image, &mask, &twin, &q);
        size_t marked, changed;
        count(&image, &twin, &mask, &marked, &changed);
        exact &= outside(&image, &twin, &mask) == 0;
        visible &= marked >= 64 * 64 / 4000;
        mostly &= changed * 10 >= marked * 7;
        raster_free(&image);
        raster_free(&mask);
        raster_free(&twin);
    }
    ok(exact, "%s: outside the mask a defective part is its good twin, bit for bit (ease %g)", kind->name,
       ease);
    ok(visible && mostly, "%s: every mask has pixels, and most of them changed (ease %g)", kind->name, ease);
}

static void good(const struct part_kind *kind)
{
    struct part_request q = {kind, NULL, 1, 48, 5, "a"}, other = {kind, NULL, 1, 48, 5, "b"};
    struct raster a, b, c, mask;
    part_render(&a, &mask, NULL, &q);
    part_render(&b, NULL, NULL, &q);
    part_render(&c, NULL, NULL, &other);
    size_t set = 0;
    for (size_t i = 0; i < 48 * 48; i++)
        set += ((uint8_t *)mask.samples)[i];
    ok(set == 0, "%s: a good part's mask is empty", kind->name);
    ok(memcmp(a.samples, b.samples, raster_bytes(&a)) == 0, "%s: the same request, the same bytes",
       kind->name);
    ok(memcmp(a.samples, c.samples, raster_bytes(&a)) != 0, "%s: another name, another part", kind->name);
    raster_free(&a);
    raster_free(&b);
    raster_free(&c);
    raster_free(&mask);
}

/* A dent lowers the texels of an ellipse with half axes of size and size / 1.3, and no other. */
static void area(void)
{
    struct flaw f = {
        .form = FLAW_DENT, .x = 0.1, .y = -0.05, .cosine = 0.6, .sine = 0.8, .size = 0.5, .strength = 1};
    size_t lowered = 0, n = 400;
    for (size_t i = 0; i < n * n; i++) {
        struct texel t = {.part = 1};
        flaw_edit(&f, &t, ((double)(i % n) + 0.5) * 2 / (double)n - 1,
                  ((double)(i / n) + 0.5) * 2 / (double)n - 1, 0);
        lowered += t.height < 0;
    }
    ok_close((double)lowered * 4 / (double)(n * n), PI * 0.5 * 0.5 / 1.3, 2e-3, "the area of a dent");
}

/* The pictures are promised to be the same bytes on every CPU, with every compiler and every libm: so is
 * their hash. Whoever improves a picture changes the number here. */
static void same_bytes(void)
{
    struct hash h;
    char text[17];
    hash_init(&h);
    for (size_t i = 0; part_kinds[i]; i++)
        for (const struct flaw_recipe *f = part_kinds[i]->flaws; f->name; f++) {
            struct part_request q = {part_kinds[i], f, 0.65, 40, 11, f->name};
            struct raster image, mask;
            part_render(&image, &mask, NULL, &q);
            hash_add(&h, image.samples, raster_bytes(&image));
            hash_add(&h, mask.samples, raster_bytes(&mask));
            raster_free(&image);
            raster_free(&mask);
        }
    hash_text(text, hash_value(&h));
    if (!ok(strcmp(text, "3a9d49bce3821bf0") == 0, "one defect of each sort, the same bytes everywhere"))
        printf("# %s\n", text);
}

int main(void)
{
    shapes();
    noises();
    size_t kinds = 0, objects = 0;
    for (size_t i = 0; part_kinds[i]; i++) {
        good(part_kinds[i]);
        defects(part_kinds[i], 1);
        defects(part_kinds[i], 0.25);
        kinds++;
        objects += !part_kinds[i]->texture;
    }
    ok(objects >= 3 && kinds - objects >= 3, "at least three objects and three textures");
    ok(part_find("gear") == part_kinds[0] && !part_find("ge"), "part_find");
    area();
    same_bytes();
    return done();
}
