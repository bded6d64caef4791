/* What every page carries in itself: style and script, page.css and page.js of this room, built into the program, so that a
 * page needs no other file. */
#ifndef PAGE_ASSET_H
#define PAGE_ASSET_H

extern const char page_css[], page_js[]; /* ended by NUL */
#endif
