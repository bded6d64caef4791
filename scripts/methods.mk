# What grid.mk and paper.mk know of each method: a row of words. A new one is a row more; METHODS may name programs that have
# none, if they read features: their layers are what the first example of their --help gives featx, or layer2,layer3.
#
# The shape says what stands behind imgcat, when fitting (the program with -o) and when scoring (with -m):
#   features  featx -w WEIGHTS -l LAYERS | PROGRAM
#   images    PROGRAM -w WEIGHTS                      which computes the features itself, of layers of its own
#   tuned     featx -w TUNED -l LAYERS | PROGRAM      TUNED being WEIGHTS that oneclass has tuned to the category before, by
#                                                     the vectors of LAYERS, or the means of its maps
# The method is what --method says to the program, or, of tuned ones, to oneclass. The last column is for weights that end at
# layer3, as some files do: if any file of WEIGHTS has no layer4, it holds for all weights of the grid, so that they stay
# comparable. LAYER4=no or yes overrules that. - is none, or the same. taps are the layers that suit the weights, as they say
# themselves (taps= in their metadata; fractrain(1)), else layer2,layer3.
#
#                 shape     program    method    layers                  where layer4 is missing
row_patchcore  := features  patchcore  -         taps                    -
row_padim      := features  padim      -         layer1,layer2,layer3    -
row_fastflow   := features  flowscore  fastflow  layer1,layer2,layer3    -
row_cflow      := features  flowscore  cflow     layer2,layer3,layer4    layer1,layer2,layer3
row_stfpm      := images    distill    stfpm     layer1,layer2,layer3    -
row_rd         := features  distill    rd        layer1,layer2,layer3    -
row_panda      := tuned     knn        panda     avgpool                 pool:layer3
row_cutpaste   := tuned     gauss      cutpaste  layer4                  layer3
# The detectors of the last two on weights as they are: DN2, and the Mahalanobis distance
row_knn        := features  knn        -         avgpool                 pool:layer3
row_gauss      := features  gauss      -         layer4                  layer3

# The paper's eight
eight := patchcore padim fastflow cflow stfpm rd panda cutpaste
# Programs that train step by step: they take -e, --minutes and --resume.
trainers := flowscore distill oneclass

# A method of one's own is named by PROGRAM_NAME: a method above, with options of its own, or a program.
base_of = $(or $(PROGRAM_$1),$1)
column = $(filter-out -,$(word $1,$(row_$(call base_of,$2))))
shape_of = $(or $(call column,1,$1),features)
program_of = $(or $(call column,2,$1),$(call base_of,$1))
method_of = $(call column,3,$1)
layers_in_row = $(or $(if $(filter no,$(LAYER4)),$(call column,5,$1)),$(call column,4,$1),$(call example,$(call program_of,$1)),$(default_layers))
default_layers := layer2,layer3
example = $(shell PATH="$(PATH)" $1 --help 2>/dev/null | sed -n 's/^  .*featx [^|]*-l \([^ ]*\) .*/\1/p' | sed 1q)
# What trains in it, if anything does: oneclass, or the program; and whether a fit is another with another seed
trainer_of = $(filter $(trainers),$(if $(filter tuned,$(call shape_of,$1)),oneclass,$(call program_of,$1)))
seeded = $(or $(call trainer_of,$1),$(call has_option,$(call program_of,$1),--seed))
has_option = $(shell PATH="$(PATH)" $1 --help 2>/dev/null | grep -o -m 1 -e $2)

taps_of = $(or $(shell cd $(call quote,$(or $(GRID_FROM),$(CURDIR))) && PATH="$(PATH)" npyls -q -n $(call quote,$1) 2>/dev/null | \
    sed -n 's/^taps=//p'),$(default_layers))

# Weights without a layer4
ends_at_3 = $(shell cd $(call quote,$(or $(GRID_FROM),$(CURDIR))) && PATH="$(PATH)" npyls -q $(call quote,$1) 2>/dev/null | \
    awk '/layer3\./ { three = 1 } /layer4\./ { four = 1 } END { if (three && !four) print "yes" }')
ifndef LAYER4
LAYER4 := $(if $(strip $(foreach w,$(filter-out random:%,$(WEIGHTS)),$(call ends_at_3,$w))),no,yes)
endif
export LAYER4
