/* FastFlow and CFLOW-AD as a detector (method/detector.h). */
#ifndef FLOW_DETECTOR_H
#define FLOW_DETECTOR_H
#include "method/detector.h"

extern const struct detector flow_detector;
#endif
