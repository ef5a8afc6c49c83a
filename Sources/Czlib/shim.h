#include <zlib.h>

/* The initializers of zlib are macros, which Swift does not import. `bits` below zero: no header and no checksum (RFC
 * 7692 §7.2). */
static inline int roost_inflate_init(z_stream *stream, int bits) { return inflateInit2(stream, bits); }
static inline int roost_deflate_init(z_stream *stream, int level, int bits, int memory)
{
    return deflateInit2(stream, level, Z_DEFLATED, bits, memory, Z_DEFAULT_STRATEGY);
}
