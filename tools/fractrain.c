/* fractrain - trains a classifier on a labelled image stream. See fractrain.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "nn/precision_option.h"
#include "train/classifier.h"
#include <stdlib.h>

static const char usage[] =
    "usage: fractrain [-a ARCH] [--recipe NAME] -o WEIGHTS {--steps N -c CLASSES | --epochs N} [options] "
    "[IMAGES]\n"
    "Trains a classifier on a labelled image stream; its weights are for featx.\n"
    "  -o, --output W        the weights, a safetensors file\n"
    "  -a, --arch ARCH       resnet18 (default), resnet34, resnet50, resnet101 or "
    "wide_resnet50_2\n" USAGE_PRECISION
    "  -r, --recipe R        paper, ofdb or fern (default): sets all that follows, each can be changed\n"
    "  -n, --steps N         stream: take N steps, every image once\n"
    "  -e, --epochs N        hold the whole stream and go through it N times\n"
    "  -c, --classes N       labels are below N (default with -e: as many as there are)\n"
    "  -b, --batch N         images a forward pass (default 32)\n"
    "      --accumulate N    forward passes a step (default 1)\n"
    "  -s, --seed N          (default 0)\n"
    "  -i, --init W          begin with the tensors of W that fit\n"
    "optimiser:\n"
    "      --rate R          learning rate of SGD\n"
    "      --schedule S      constant, step (a tenth at .3 and .6) or cosine\n"
    "      --warmup F        fraction of the steps in which the rate rises\n"
    "      --momentum M, --decay D\n"
    "      --decay-all yes|no  decay biases and batch norms too\n"
    "      --smoothing S     of the labels\n"
    "      --loss L          softmax or multi (several labels an image, binary cross-entropy)\n"
    "      --average D       write a moving average of the weights with this decay (0: off)\n"
    "augmentation:\n"
    "  -z, --size N          side of the square that the network sees\n"
    "      --crop C          centre, random or resized\n"
    "      --area LO         smallest share of the area of a resized crop\n"
    "      --mirror P, --flip P, --grey P, --blur P, --erase P   probabilities\n"
    "      --jitter B,C,S,H  brightness, contrast, saturation, hue\n"
    "      --autoaugment yes|no\n"
    "      --mix P           probability that a batch is mixed (mixup or CutMix)\n"
    "      --norm NORM       imagenet, paper (.2/.5) or none\n"
    "running:\n"
    "      --checkpoint F    (default WEIGHTS.checkpoint)\n"
    "      --every N         steps between checkpoints (default: by --minutes)\n"
    "      --minutes M       between checkpoints (default 10)\n"
    "      --resume          go on from the checkpoint, if there is one\n"
    "  -l, --log F           a table of the training, TSV\n"
    "      --log-every N     steps a row (default 50)\n"
    "      --mem SIZE        images held in memory before they are spooled (default 1G)\n" USAGE_THREADS
        USAGE_COMMON "examples:\n"
    "  ifsgen -c 100 -e 0 -z 144 | fractrain -c 100 --steps 2000 -o fractal.safetensors\n"
    "  ifsgen -c 1000 | fractrain -a resnet50 --recipe ofdb --epochs 20000 --resume -o ofdb.safetensors\n";

enum { CHECKPOINT = OPT_LONG, EVERY, MINUTES, RESUME, LOG_EVERY, MEM, TRAINING_OPTIONS, OPTIONS_MAX = 64 };

static const struct option running[] = {OPT_COMMON,
                                        OPT_THREADS,
                                        {"output", required_argument, NULL, 'o'},
                                        {"recipe", required_argument, NULL, 'r'},
                                        {"epochs", required_argument, NULL, 'e'},
                                        {"init", required_argument, NULL, 'i'},
                                        {"checkpoint", required_argument, NULL, CHECKPOINT},
                                        {"every", required_argument, NULL, EVERY},
                                        {"minutes", required_argument, NULL, MINUTES},
                                        {"resume", no_argument, NULL, RESUME},
                                        {"log", required_argument, NULL, 'l'},
                                        {"log-every", required_argument, NULL, LOG_EVERY},
                                        {"mem", required_argument, NULL, MEM},
                                        OPT_END};

/* The options above and those of a recipe. */
static void all_options(struct option out[OPTIONS_MAX])
{
    size_t n = 0;
    for (; running[n].name; n++)
        out[n] = running[n];
    for (int i = 0; training_options[i].name; i++, n++) {
        const char letter = training_options[i].letter;
        out[n] = (struct option){training_options[i].name, required_argument, NULL,
                                 letter ? letter : TRAINING_OPTIONS + i};
    }
    out[n] = (struct option)OPT_END;
}

/* The recipe has to be known before the options that change it. */
static struct training chosen_recipe(int argc, char **argv, const struct option *table)
{
    size_t name = 2; /* fern */
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        if (c == 'r')
            name = opt_choice("--recipe", optarg, training_names);
    optind = 0; /* glibc: from the beginning */
    return training_named(name);
}

static const struct training_option *training_option(int c)
{
    for (int i = 0; training_options[i].name; i++)
        if (c == TRAINING_OPTIONS + i || (training_options[i].letter && c == training_options[i].letter))
            return &training_options[i];
    return NULL;
}

static void parse_running(int c, struct classifier_options *o)
{
    switch (c) {
    case 'o':
        o->out = optarg;
        break;
    case 'e':
        o->epochs = opt_size("--epochs", optarg, 1, SIZE_MAX / 2);
        break;
    case 'i':
        o->init = optarg;
        break;
    case 'l':
        o->loop.log = optarg;
        break;
    case CHECKPOINT:
        o->loop.checkpoint = optarg;
        break;
    case EVERY:
        o->loop.every = opt_size("--every", optarg, 1, SIZE_MAX / 2);
        break;
    case MINUTES:
        o->loop.minutes = opt_real("--minutes", optarg, 0, 1e6);
        break;
    case RESUME:
        o->loop.resume = true;
        break;
    case LOG_EVERY:
        o->loop.log_every = opt_size("--log-every", optarg, 1, SIZE_MAX / 2);
        break;
    case MEM:
        o->memory = opt_bytes("--mem", optarg);
        break;
    default:
        break;
    }
}

static struct classifier_options parse(int argc, char **argv)
{
    struct option table[OPTIONS_MAX];
    all_options(table);
    struct classifier_options o = {.recipe = chosen_recipe(argc, argv, table),
                                   .loop = {.minutes = 10, .log_every = 50},
                                   .memory = (size_t)1 << 30};
    int c;
    while ((c = opt_next(argc, argv, table, usage)) != -1)
        if (training_option(c))
            training_set(&o.recipe, training_option(c), optarg);
        else
            parse_running(c, &o);
    if (!o.out)
        misuse("-o WEIGHTS is needed (see fractrain --help)");
    if (!o.epochs == !o.recipe.rate.steps)
        misuse("one of --steps and --epochs is needed (see fractrain --help)");
    if (!o.epochs && !o.recipe.classes)
        misuse("-c CLASSES is needed with --steps (see fractrain --help)");
    if (argc - optind > 1)
        misuse("one image stream at a time (cat joins several)");
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct classifier_options o = parse(argc, argv);
    char *checkpoint = xprintf("%s.checkpoint", o.out);
    if (!o.loop.checkpoint)
        o.loop.checkpoint = checkpoint;
    const char *name = optind < argc ? argv[optind] : "-";
    FILE *f = file_open(name);
    classifier_train(f, file_label(name), &o);
    file_close(f);
    free(checkpoint);
    return out_close();
}
