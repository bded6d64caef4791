/* The frame of all programs that fit a model to the features of normal images and score others with it. A detector is its
 * mathematics and a table of settings; options, --help and by=, streams, model files, identity, thresholds, maps and tables are
 * the frame's. So a new method is new files only: its room, a tool, a page, a test.
 *
 * An image's way through a fit, and through scoring:
 *
 *     features     method/features.c    the operands' records, one after the other
 *     identity     method/model.c       the same weights, layers, precision, normalisation, size as those before, or the model
 *     taps         method/taps.c        its feature maps as f32, H x W x C a tap
 *     begin, take  the detector         the fit's memory of it, mostly a spool (base/spool.h, method/tap_store.h)
 *     end          the detector         the model
 *     left_out     the detector         the distances of a training image, had the model not seen it; or `score` of a held image
 *     calibrate    detector_fit.c       thresholds and colour scale (method/calibration.h)
 *     save         the detector         tensors and numbers, and the settings that are kept, into the model file
 *
 *     features, identity, taps          as above
 *     score        the detector         its distances on a grid of its own, and its own score
 *     anomaly_map  method/anomaly_map.c enlarged, blurred; the score by --score (method/image_score.h)
 *     score_write  method/scores.c      out
 *
 * With --add MODEL `resume` is in the place of `begin` (detector_add.c), and the images of left_out join the scores that the
 * model keeps of those before.
 *
 * With --merge MODEL ... nothing is read but models, and `merge` makes one of them (detector_merge.c).
 *
 * Thresholds come from normal images alone. A method that can tell how it would score a training image that it had not seen has
 * `left_out`. One that can't, as all that train in steps, has none: the frame then keeps every HELD_EVERY-th image (the 10th,
 * the 20th, ...) from `take`, hands them to `end`, where they may choose the epoch, and scores them with the model that comes
 * out. Such a method says so in its page, and needs HELD_EVERY images or more. */
#ifndef METHOD_DETECTOR_H
#define METHOD_DETECTOR_H
#include "base/setting.h"
#include "method/anomaly_map.h"
#include "method/image_features.h"
#include "method/tap_store.h"
#include "method/taps.h"
#include "stream/safetensors.h"

enum { HELD_EVERY = 10 };

/* When a setting may be given; bits of setting.use. */
enum {
    DETECTOR_FIT = 1,   /* with -o; in the fit's by= */
    DETECTOR_SCORE = 2, /* with -m; in the score's by= */
    DETECTOR_BOTH = DETECTOR_FIT | DETECTOR_SCORE,
    /* In the model's metadata as KEY=VALUE (detector_key, of detector_parts.h); with -m it comes from there, unless it is of both
     * and given. */
    DETECTOR_KEPT = 4,
    /* In it, too, for --add alone, which takes what is kept as well. (8 is FITTING_ROW, of method/fitting.h.) */
    DETECTOR_ADDED = 16,
    /* May be given with --merge; else all models agree in it, as in all that is kept or for --add. */
    DETECTOR_MERGED = 32,
};

/* A model that is to become a part of another. */
struct detector_part {
    const char *path;
    struct safetensors file;
    size_t images;
};

/* What a fit that goes through its images again and again may need. */
struct detector_end {
    const char *output;     /* where the model will be: checkpoints stand beside it */
    struct tap_store *held; /* the images that take() did not get; NULL where the detector has left_out */
};

struct detector {
    const char *name; /* the program's; method= of models, where it has no others; begins its by= */
    const struct setting *settings; /* of its options */
    const void *defaults;
    size_t options_size;
    /* --method METHOD, of a program with several: NULL, or their names, and what each has for defaults of its own. The first
     * where none is named. A model keeps it as method=, and is scored with it. */
    const char *const *methods;
    void (*choose)(void *options, size_t method);
    /* --as WHO: NULL, or whom to follow, and what that sets. Options given beside it win, wherever it stands. */
    const char *const *people;
    void (*follow)(void *options, size_t who);
    size_t images_min; /* 1 or more */
    bool places;       /* it compares like places of images: a fit to tiles, which are of any, is warned of */
    /* Whether images of these shapes give maps, of a method that gives some for feature maps and none for vectors: asked with a fit's
     * first image. What it said the model remembers. NULL: all do, where there is a grid. */
    bool (*maps)(const struct taps *first);

    /* Fills in the network whose features are wanted, where the method reads images (method/image_features.h): an image's first tap is
     * then itself. False: it reads features. NULL: all do. */
    bool (*network)(const void *options, struct image_network *network);
    /* Before a fit reads anything: may try its own paths, and refuse. output: the model's. NULL: nothing. */
    void (*open)(void *options, const char *output);
    /* The fit. begin knows the first image, and may settle in its options what was left open: by= and the model tell what is
     * used. No value of `first` is taken: it comes by take(), too, unless it is held. end frees the fit. */
    void *(*begin)(void *options, const struct taps *first);
    void (*take)(void *fit, const struct taps *image);
    void *(*end)(void *fit, const struct detector_end *with);
    /* The fit that goes on from a model (--add): as begin, but what was settled then comes out of the file, which stays until
     * the fit is saved. take, end and the rest follow as in a fit of the new images; those of left_out are new, or all where
     * its number says so. The model was loaded before, too, and accepts the shapes. NULL: there is no --add. */
    void *(*resume)(const struct safetensors *file, const char *path, void *options,
                    const struct taps *first);
    /* One model of n >= 1, each fitted to other images (--merge), to score, save and free. options: what all keep, and what was given.
     * Dies with the path of a part that does not fit the others. NULL: there is no --merge. */
    void *(*merge)(const struct detector_part *part, size_t n, void *options);
    /* How many training images are to set the threshold, and the distances and the own score of the i-th of them, 0 <= i < that
     * number, as the model would give them had it not seen the image. Both NULL: HELD_EVERY. */
    size_t (*left_out_images)(const void *model);
    double (*left_out)(void *model, size_t i, float *distance);
    /* Tensors and metadata that load reads; the tensors may be borrowed from the model. */
    void (*save)(void *model, struct safetensors *file);
    /* What the notice of -v says of it: "a bank of 100 x 64". */
    void (*describe)(const void *model, char text[100]);

    /* Scoring. options: the defaults, what the file keeps, what was given. Dies with path on a file that is no such model; the
     * file stays as long as the model. */
    void *(*load)(const struct safetensors *file, const char *path, const void *options);
    /* False with a reason when the model can't score images of these shapes ("tap 1 is 4x4x6, not 8x8x6"); asked once a run. */
    bool (*accepts)(void *model, const struct taps *image, struct err *e);
    /* The grid of its distances for a map of `size`: its finest tap's, say, or size where it enlarges itself. NULL: the method
     * gives no maps; then rules is NULL too. Where there are none, or `maps` said so, distance is NULL below, its grid {0, 0}. */
    struct map_size (*grid)(const void *model, struct map_size size);
    struct map_rules (*rules)(const void *model);
    /* Fills distance (grid.height x grid.width, as `grid` gave them). Returns its own score, for the forms that ask
     * for one (SCORE_REWEIGHTED, SCORE_IMAGE), and where there is no map. By the image alone; the same bits for any number of threads;
     * not finite where the features are absurd. */
    double (*score)(void *model, const struct taps *image, float *distance, struct map_size grid);
    void (*free)(void *model);
};

/* What --help says of the program beside its options. */
struct detector_text {
    const char *does;     /* lines */
    const char *examples; /* two pipelines or more, each line indented by two blanks */
};

/* The program: parses, fits or scores; the exit status. */
int detector_main(const struct detector *d, const struct detector_text *text, int argc, char **argv);
#endif
