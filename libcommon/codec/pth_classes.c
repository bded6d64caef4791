#include "codec/pth_parts.h"
#include <string.h>

/* "torch.cuda." is from files before 0.4. */
enum dtype pth_storage_type(const char *class_name)
{
    static const struct {
        const char *name;
        enum dtype type;
    } known[] = {{"FloatStorage", DT_F32}, {"DoubleStorage", DT_F64},    {"HalfStorage", DT_F16},
                 {"LongStorage", DT_I64},  {"BFloat16Storage", DT_BF16}, {"IntStorage", DT_I32},
                 {"ShortStorage", DT_I16}, {"CharStorage", DT_I8},       {"ByteStorage", DT_U8},
                 {"BoolStorage", DT_BOOL}};
    if (strncmp(class_name, "torch.", 6) != 0)
        return DT_COUNT;
    const char *name = class_name + (strncmp(class_name, "torch.cuda.", 11) == 0 ? 11 : 6);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].type;
    return DT_COUNT;
}

/* What checkpoints name: of all these only tensors and dictionaries are looked into. */
bool pth_allow(const char *class_name, void *arg)
{
    static const char *const known[] = {"collections.OrderedDict",
                                        "torch._utils._rebuild_tensor",
                                        "torch._utils._rebuild_tensor_v2",
                                        "torch._utils._rebuild_parameter",
                                        "torch._utils._rebuild_parameter_with_state",
                                        "torch._tensor._rebuild_from_type_v2",
                                        "torch.Tensor",
                                        "torch.nn.parameter.Parameter",
                                        "torch.Size",
                                        "torch.device",
                                        "torch.float16",
                                        "torch.bfloat16",
                                        "torch.float32",
                                        "torch.float64",
                                        "argparse.Namespace",
                                        "types.SimpleNamespace",
                                        "collections.defaultdict",
                                        "collections.Counter",
                                        "numpy.ndarray",
                                        "numpy.dtype",
                                        "numpy.core.multiarray.scalar",
                                        "numpy.core.multiarray._reconstruct",
                                        "numpy._core.multiarray.scalar",
                                        "numpy._core.multiarray._reconstruct",
                                        "_codecs.encode",
                                        "pathlib.PosixPath",
                                        "datetime.datetime",
                                        "datetime.timedelta",
                                        "builtins.set",
                                        "builtins.frozenset",
                                        "builtins.dict",
                                        "builtins.list",
                                        "builtins.int",
                                        "builtins.float",
                                        "__builtin__.set",
                                        "__builtin__.frozenset",
                                        "__builtin__.dict",
                                        "__builtin__.list",
                                        "__builtin__.int",
                                        "__builtin__.float"};
    const struct pth_options *o = arg;
    if (o->drop_unknown || pth_storage_type(class_name) != DT_COUNT)
        return true;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(class_name, known[i]) == 0)
            return true;
    return false;
}
