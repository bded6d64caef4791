/* PaDiM as a detector (method/detector.h). */
#ifndef PADIM_DETECTOR_H
#define PADIM_DETECTOR_H
#include "method/detector.h"

extern const struct detector padim_detector;
#endif
