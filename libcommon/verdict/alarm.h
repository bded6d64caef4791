/* When verdicts on single frames become an alarm: K of the last N frames are defects; it stays until fewer than K of the last
 * N reach a lower level (hysteresis). K = N = 1, and the level that of a defect: the alarm is the verdict. */
#ifndef VERDICT_ALARM_H
#define VERDICT_ALARM_H
#include <stdbool.h>
#include <stddef.h>

struct alarm;
/* 1 <= k <= n */
struct alarm *alarm_new(size_t k, size_t n);
/* One frame more. defect: it begins alarms. stays: it keeps one up; a defect always does. The alarm. */
bool alarm_take(struct alarm *a, bool defect, bool stays);
void alarm_free(struct alarm *a);
#endif
