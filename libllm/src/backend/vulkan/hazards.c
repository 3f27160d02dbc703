/* SPDX-License-Identifier: MIT
 * Checking what was recorded.
 */
#include "backend/vulkan/hazards.h"

enum { RESOURCES = 32 };

size_t ll_vk_find_hazard(const ll_vk_event *events, size_t n)
{
    /* One more than the place of the last one, for each resource. */
    size_t wrote[RESOURCES] = {0}, read[RESOURCES] = {0}, barrier = 0;
    for (size_t i = 0; i < n; i++) {
        const ll_vk_event *event = &events[i];
        if (event->is_barrier)
            barrier = i + 1;
        for (size_t r = 0; r < RESOURCES && !event->is_barrier; r++) {
            const bool reads = event->reads >> r & 1, writes = event->writes >> r & 1;
            if (((reads || writes) && wrote[r] > barrier) || (writes && read[r] > barrier))
                return i;
        }
        for (size_t r = 0; r < RESOURCES && !event->is_barrier; r++) {
            read[r] = event->reads >> r & 1 ? i + 1 : read[r];
            wrote[r] = event->writes >> r & 1 ? i + 1 : wrote[r];
        }
    }
    return n;
}
