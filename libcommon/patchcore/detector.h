/* PatchCore as a detector (method/detector.h). */
#ifndef PATCHCORE_DETECTOR_H
#define PATCHCORE_DETECTOR_H
#include "method/detector.h"

extern const struct detector patchcore_detector;
#endif
