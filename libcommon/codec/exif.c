#include "codec/exif.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* TIFF 6.0: a tag's entry is its number, type, count and value in 2, 2, 4 and 4 bytes. */
enum { ENTRY = 12, ORIENTATION = 0x0112, SHORT = 3 };

static uint32_t number(const unsigned char *p, size_t bytes, bool big_endian)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | p[big_endian ? i : bytes - 1 - i];
    return value;
}

unsigned exif_orientation(const unsigned char *data, size_t n)
{
    bool big = n >= 8 && memcmp(data, "MM\0*", 4) == 0;
    if (n < 8 || (!big && memcmp(data, "II*\0", 4) != 0))
        return 1;
    size_t at = number(data + 4, 4, big);
    if (at > n || n - at < 2)
        return 1;
    size_t entries = number(data + at, 2, big);
    for (at += 2; entries > 0 && n - at >= ENTRY; entries--, at += ENTRY) {
        const unsigned char *entry = data + at;
        if (number(entry, 2, big) != ORIENTATION || number(entry + 2, 2, big) != SHORT)
            continue;
        uint32_t value = number(entry + 8, 2, big);
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}
