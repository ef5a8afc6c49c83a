/* This target has no interface: it defines `_exit` and `_Exit`, which its users reference anyway.
 * SPDX-License-Identifier: Apache-2.0 */
