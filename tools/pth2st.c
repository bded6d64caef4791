/* pth2st - PyTorch checkpoints as safetensors, without PyTorch. See pth2st.1. */
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/opt.h"
#include "codec/pth.h"
#include "stream/safetensors.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
static const char usage[] =
    "usage: pth2st [-vq] [-k KEY] [-p PREFIX] [-m KEY=VALUE]... -o WEIGHTS [CHECKPOINT]\n"
    "The weights of a PyTorch checkpoint (.pth, .pt) as safetensors; nothing in it is executed.\n"
    "  -o, --output FILE          the weights; appears whole or not at all\n"
    "  -k, --key KEY              where the state dict is, such as ema/state_dict (default: search)\n"
    "  -p, --prefix PREFIX        only names that begin so, without it (default: strip module.)\n"
    "  -m, --metadata KEY=VALUE   put into the metadata, such as arch=resnet18; may be repeated\n"
    "      --drop-unknown         drop values of unknown classes instead of refusing the file\n"
    "      --finite               refuse NaN and infinite weights instead of warning\n"
    USAGE_COMMON
    "examples:\n"
    "  pth2st -o r18.safetensors resnet18-f37072fd.pth && featx -w r18.safetensors < t.pam | npyls\n"
    "  xz -dc moco.pth.xz | pth2st -p module.encoder_q. -m arch=resnet50 -o moco.safetensors -\n";
/* clang-format on */

struct opts {
    const char *input, *output;
    struct pth_options decode;
    struct note metadata;
    bool finite;
};

/* What was dropped: a line each with -v, else one line. */
static void tell_dropped(const struct pth *p, const char *label)
{
    char list[300] = "";
    size_t length = 0;
    for (size_t i = 0; i < p->drops; i++) {
        const struct pth_dropped *d = &p->dropped[i];
        notice("%s: dropped %s (%s)", label, d->name, d->type);
        if (length < sizeof list)
            length += (size_t)snprintf(list + length, sizeof list - length, "%s%s (%s)", i ? ", " : "",
                                       d->name, d->type);
    }
    if (length >= sizeof list)
        memcpy(list + sizeof list - 4, "...", 4);
    if (p->drops && err_verbosity < 1)
        warning("%s: dropped %zu beside %zu tensors: %s", label, p->drops + p->unlisted, p->n, list);
}

static void check_finite(const struct pth_tensor *t, const char *label, bool strict)
{
    size_t bad = 0, n = tensor_count(&t->tensor);
    if (t->tensor.type > DT_F64)
        return;
    for (size_t i = 0; i < n; i++)
        bad += !isfinite(tensor_get(&t->tensor, i));
    if (bad && strict)
        die("%s: tensor %s: %zu of %zu values are not finite", label, t->name, bad, n);
    if (bad)
        warning("%s: tensor %s: %zu of %zu values are not finite", label, t->name, bad, n);
}

/* by= tells the options that choose tensors. */
static void put_metadata(struct note *meta, const struct opts *o)
{
    note_copy(meta, &o->metadata);
    char *by = xprintf("pth2st " FERN_VERSION "%s%s%s%s", o->decode.key ? " -k " : "",
                       o->decode.key ? o->decode.key : "", o->decode.prefix ? " -p " : "",
                       o->decode.prefix ? o->decode.prefix : "");
    note_add(meta, "by", by);
    free(by);
}

static void run(const struct opts *o)
{
    const char *label = file_label(o->input);
    struct product *out = product_open(o->output);
    struct safetensors weights = {0};
    struct pth p;
    struct err e;
    if (!pth_read(&p, o->input, &o->decode, &e))
        die("%s: %s", label, e.text);
    tell_dropped(&p, label);
    for (size_t i = 0; i < p.n; i++) {
        check_finite(&p.tensor[i], label, o->finite);
        safetensors_add_owned(&weights, p.tensor[i].name, p.tensor[i].tensor);
        p.tensor[i].tensor.data = NULL;
    }
    put_metadata(&weights.meta, o);
    safetensors_write_product(&weights, out);
    notice("%s: %zu tensors", label, p.n);
    pth_free(&p);
    safetensors_free(&weights);
}

static void add_metadata(struct note *metadata, const char *text)
{
    size_t length = strcspn(text, "=");
    if (length == 0 || !text[length])
        misuse("--metadata: '%s' is not key=value", text);
    char *key = xstrndup(text, length);
    note_set(metadata, key, text + length + 1);
    free(key);
}

static struct opts parse(int argc, char **argv)
{
    enum { DROP_UNKNOWN = OPT_LONG, FINITE };
    static const struct option table[] = {OPT_COMMON,
                                          {"output", required_argument, NULL, 'o'},
                                          {"key", required_argument, NULL, 'k'},
                                          {"prefix", required_argument, NULL, 'p'},
                                          {"metadata", required_argument, NULL, 'm'},
                                          {"drop-unknown", no_argument, NULL, DROP_UNKNOWN},
                                          {"finite", no_argument, NULL, FINITE},
                                          OPT_END};
    struct opts o = {.input = "-"};
    for (int c; (c = opt_next(argc, argv, table, usage)) != -1;)
        switch (c) {
        case 'o':
            o.output = optarg;
            break;
        case 'k':
            o.decode.key = optarg;
            break;
        case 'p':
            o.decode.prefix = optarg;
            break;
        case 'm':
            add_metadata(&o.metadata, optarg);
            break;
        case DROP_UNKNOWN:
            o.decode.drop_unknown = true;
            break;
        case FINITE:
            o.finite = true;
            break;
        }
    if (!o.output)
        misuse("-o WEIGHTS is needed (see pth2st --help)");
    if (argc - optind > 1)
        misuse("one checkpoint at a time (see pth2st --help)");
    if (optind < argc)
        o.input = argv[optind];
    o.decode.cap = mem_available();
    return o;
}

int main(int argc, char **argv)
{
    err_init(argv[0]);
    struct opts o = parse(argc, argv);
    run(&o);
    note_clear(&o.metadata);
    return out_close();
}
