/* Turn.h: a turn of the guest's event loop on the host's loop, and the GIL. */
#ifndef TURN_H
#define TURN_H

#include "Bridge.h"

#pragma GCC visibility push(hidden)

/* Requests a turn, from any thread, with or without the GIL. Several requests before the turn runs are one. */
void turn_request(void);

/* Takes the GIL for a completion of the host, on the loop thread. The turn that it requests gives the GIL back. */
void turn_enter(void);

/* Whether the calling thread is the loop thread. */
bool turn_is_loop_thread(void);

/* Makes the calling thread the loop thread, and gives the GIL back. [GIL] */
void turn_begin(void);
/* Takes the GIL again after the host has returned. */
void turn_end(void);

/* Makes a lifespan the owner of posts, of the timer and of the watch; 0 for none. On the loop thread. [GIL] The guest is
 * shared by all applications of the process, but the host cancels work with the lifespan that it belongs to. */
void turn_anchor(asgi_id lifespan);
asgi_id turn_anchored(void);

#pragma GCC visibility pop

#endif
