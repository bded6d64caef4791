/* ZIP archives in memory, as torch.save writes them: stored or deflated entries, zip64 too. No spanned and no
 * encrypted archives. Format: PKWARE APPNOTE.TXT 6.3, sections 4.3 and 4.5.3.
 *
 * The bytes of the archive stay the caller's and must outlive the struct. */
#ifndef CODEC_ZIP_H
#define CODEC_ZIP_H
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct zip_entry {
    const char *name; /* in the archive: length bytes, no NUL behind them */
    size_t length;
    size_t start;        /* of the local header */
    size_t packed, size; /* bytes in the archive, bytes unpacked */
    unsigned method;     /* 0 stored, 8 deflated */
    uint32_t crc;
};

struct zip {
    const unsigned char *data;
    size_t n;
    struct zip_entry *entry; /* sorted by name, no name twice */
    size_t entries;
};

/* An entry unpacked: in the archive where it is stored, else in memory of its own. */
struct zip_bytes {
    const unsigned char *data;
    size_t n;
    void *owned;
};

/* True when the bytes begin as an archive does ("PK\3\4"). */
bool zip_looks(const unsigned char *data, size_t n);
/* Reads the directory. False, with nothing to free, when it is damaged. */
bool zip_open(struct zip *z, const unsigned char *data, size_t n, struct err *e);
void zip_close(struct zip *z);

/* NULL where absent. The name is PREFIX followed by NAME. */
const struct zip_entry *zip_find(const struct zip *z, const char *prefix, size_t prefix_length,
                                 const char *name, size_t name_length);
/* Unpacks an entry and checks its CRC. False when it is damaged, or deflated and larger than cap bytes. */
bool zip_unpack(struct zip_bytes *out, const struct zip *z, const struct zip_entry *entry, size_t cap,
                struct err *e);
void zip_release(struct zip_bytes *b);
#endif
