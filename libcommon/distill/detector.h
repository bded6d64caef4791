/* Reverse Distillation and STFPM in the frame of all detectors (method/detector.h). */
#ifndef DISTILL_DETECTOR_H
#define DISTILL_DETECTOR_H
#include "method/detector.h"

extern const struct detector distill_detector;
#endif
