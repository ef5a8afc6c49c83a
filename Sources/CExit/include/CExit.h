/* This target declares nothing: it defines `_exit` and `_Exit` of <unistd.h> and <stdlib.h>.
 * SPDX-License-Identifier: Apache-2.0 */
