/* The handlers of the routes that say what is configured of resilience, check it and steer it: what
 * routes.c lists. */
#ifndef HEARTH_APPS_RESILIENCE_RESILIENCE_H
#define HEARTH_APPS_RESILIENCE_RESILIENCE_H

#include <stdbool.h>

#include "base/error.h"
#include "http/request.h"

#define RESILIENCE_BASE "/internal/resilience"

/* Who asks, for the journal's session: the header X-Session-Id, else the caller. At most 39 bytes
 * of printable ASCII. */
const char *resilience_session(const struct request *request);

/* config.c: what holds, presets, and the switch between them. */
bool resilience_show_index(struct request *request, struct error *err);
bool resilience_show_config(struct request *request, struct error *err);
bool resilience_show_strategies(struct request *request, struct error *err);
bool resilience_list_presets(struct request *request, struct error *err);
bool resilience_show_preset(struct request *request, struct error *err);
bool resilience_show_summary(struct request *request, struct error *err);
bool resilience_use_preset(struct request *request, struct error *err);

/* config_advice.c: recommendations and templates. */
bool resilience_recommend_preset(struct request *request, struct error *err);
bool resilience_detect_preset(struct request *request, struct error *err);
bool resilience_list_templates(struct request *request, struct error *err);
bool resilience_show_template(struct request *request, struct error *err);
bool resilience_recommend_template(struct request *request, struct error *err);

/* validate_routes.c: checks of custom configurations. */
bool resilience_validate(struct request *request, struct error *err);
bool resilience_validate_template(struct request *request, struct error *err);
bool resilience_validate_secure(struct request *request, struct error *err);
bool resilience_validate_json(struct request *request, struct error *err);
bool resilience_validate_whitelist(struct request *request, struct error *err);

/* validate_limit.c: what secure validation allows. */
bool resilience_show_security(struct request *request, struct error *err);
bool resilience_show_rate(struct request *request, struct error *err);
/* Whether the caller may have one more secure validation now; the reason where not. */
bool resilience_may_validate(struct request *request, const char **reason);

#endif
