/* The header of the library: the one that is installed, or else the one of this source tree. */
#if __has_include(<nanostore.h>)
#include <nanostore.h>
#else
#include "../../../../include/nanostore.h"
#endif
