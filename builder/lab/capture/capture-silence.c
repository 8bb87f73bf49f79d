/* SPDX-License-Identifier: MIT */
/* Questions without an answer: what a client asks again and again of a server that is silent. */
#include "lab/capture/capture-parts.h"

static bool is_same(const struct unanswered *question, const uint8_t mac[6], uint32_t server,
		    struct capture_silence silence)
{
	return question->count != 0 && question->server == server &&
	       question->silence.what == silence.what && question->silence.port == silence.port &&
	       memcmp(question->mac, mac, sizeof(question->mac)) == 0;
}

void capture_asked(struct capture *capture, const struct capture_event *e,
		   struct capture_silence silence)
{
	struct capture_event event = *e;
	struct unanswered *found = NULL;

	TABLE_EACH(&capture->questions, question)
	if (is_same(question, e->mac, e->server, silence))
		found = question;
	if (!found) {
		found = TABLE_ADD(&capture->questions);
		found->silence = silence;
		found->server = e->server;
		memcpy(found->mac, e->mac, sizeof(found->mac));
	}
	if (found->count == CAPTURE_ATTEMPTS || ++found->count < CAPTURE_ATTEMPTS)
		return;
	event.kind = CAPTURE_SILENCE;
	event.silence = silence;
	capture_emit(capture, &event);
}

void capture_answered(struct capture *capture, const uint8_t mac[6], uint32_t server,
		      struct capture_silence silence)
{
	TABLE_EACH(&capture->questions, question)
	if (is_same(question, mac, server, silence))
		question->count = 0;
}
