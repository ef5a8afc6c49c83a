/* See CHPACK.h. */
#include "CHPACK.h"

#include <nghttp2/nghttp2.h>

hpack *hpack_make(void)
{
    nghttp2_hd_inflater *made = NULL;
    return nghttp2_hd_inflate_new(&made) ? NULL : (hpack *)made;
}

void hpack_destroy(hpack *decoder) { nghttp2_hd_inflate_del((nghttp2_hd_inflater *)decoder); }

int hpack_decode(hpack *decoder, const uint8_t *block, size_t size, void *context,
                 void (*field)(void *context, const uint8_t *name, size_t name_size, const uint8_t *value, size_t value_size))
{
    nghttp2_hd_inflater *inflater = (nghttp2_hd_inflater *)decoder;
    for (;;) {
        nghttp2_nv found;
        int flags = 0;
        ssize_t used = nghttp2_hd_inflate_hd2(inflater, &found, &flags, block, size, 1);
        if (used < 0) return -1;
        block += used;
        size -= (size_t)used;
        if (flags & NGHTTP2_HD_INFLATE_EMIT) field(context, found.name, found.namelen, found.value, found.valuelen);
        if (flags & NGHTTP2_HD_INFLATE_FINAL) return nghttp2_hd_inflate_end_headers(inflater);
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && size == 0) return nghttp2_hd_inflate_end_headers(inflater);
    }
}
