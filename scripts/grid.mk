# A grid of experiments: categories x weights x layers x methods, one cell each, and one table of all results.
#
#   make -f scripts/grid.mk DATA=mvtec CATEGORIES="bottle cable" WEIGHTS="a.safetensors random:1" \
#       METHODS="padim patchcore" OUT=grid -j2
#
# DATA        the folder above the categories
# CATEGORIES  its data sets (default: all folders that have a train/), in any layout that imgcat knows
# WEIGHTS     safetensors files and random:SEED (default random:1)
# METHODS     programs that fit with -o and score with -m (default: padim patchcore). A name of your own stands for a
#             program with options:  METHODS="one" PROGRAM_one=patchcore FIT_one="-r 0.01 --neighbours 1"
# LAYERS      lists such as "layer2,layer3 layer1,layer2" (default: each method's own, LAYERS_padim= and so on)
# IMAGES      how imgcat brings the images to one size (default -r 256)
# PRECISION   f32, bf16 or auto, as featx --precision (default auto)
# MASKS       yes or no (default: yes where a category has the folder ground_truth)
# OVERLAYS    yes: draw the anomaly maps, too;  MAPS=yes: keep them
# THREADS     of each program (default: all processors, or 1 under make -j)
# OUT         where everything goes (default grid):
#   results.tsv                         one row a kind of defect and one called all for each cell that is done: the figures
#                                       of auroc(1), seconds, CPU seconds and the peak MiB of the largest program of
#                                       fit and score, each from the files' images on
#   CATEGORY/WEIGHTS/LAYERS/METHOD/     model.safetensors, scores.tsv, metrics.tsv, log, maps.npys, overlays/
#
# Run it again and only what is missing, or whose images, weights or options have changed, is made. A cell that fails says
# why on stderr and in its log, leaves no half-written file, doesn't stop the others, and is tried again the next time;
# the exit status is then 2. Spread over machines with a shared folder, give each other CATEGORIES and the same OUT, at last
# run once for all.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.ONESHELL:
.DELETE_ON_ERROR:
.SECONDEXPANSION:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

grid_mk := $(abspath $(lastword $(MAKEFILE_LIST)))
scripts := $(patsubst %/,%,$(dir $(grid_mk)))
export FERN_BIN ?= $(abspath $(scripts)/../bin)
export PATH := $(FERN_BIN):$(PATH)
ifneq ($(if $(THREADS),,$(filter -j%,$(MAKEFLAGS))),)
THREADS := 1
endif

OUT ?= grid
WEIGHTS ?= random:1
METHODS ?= padim patchcore
CATEGORIES ?= $(sort $(patsubst $(DATA)/%/train,%,$(wildcard $(DATA)/*/train)))
IMAGES ?= -r 256
PRECISION ?= auto
default_layers := layer2,layer3
LAYERS_padim ?= layer1,layer2,layer3

# random:1 is called random-1 in paths, and dir/w.safetensors is w.
slug = $(patsubst %.safetensors,%,$(notdir $(subst :,-,$1)))
$(foreach w,$(WEIGHTS),$(eval file_of_$(call slug,$w) := $w))
layers_of = $(or $(LAYERS),$(LAYERS_$1),$(default_layers))
cells := $(foreach c,$(CATEGORIES),$(foreach w,$(WEIGHTS),$(foreach m,$(METHODS),$(foreach l,$(call layers_of,$m),$c/$(call slug,$w)/$l/$m))))

# The parts of a cell's name, in a recipe or a prerequisite
part = $(word $1,$(subst /, ,$*))
category = $(call part,1)
weights = $(file_of_$(call part,2))
weights_file = $(wildcard $(filter-out random:%,$(weights)))
layers = $(call part,3)
method = $(call part,4)
program = $(or $(PROGRAM_$(method)),$(method))
threads := $(if $(THREADS),-j $(THREADS))

mistake := $(strip $(if $(DATA),\
    $(if $(CATEGORIES),,$(DATA) has no folder with a train/; say CATEGORIES=)\
    $(if $(filter-out $(words $(sort $(foreach w,$(WEIGHTS),$(call slug,$w)))),$(words $(WEIGHTS))),two WEIGHTS have the same name)\
    $(if $(findstring /,$(CATEGORIES) $(METHODS) $(LAYERS)),no / may be in CATEGORIES METHODS and LAYERS),\
    DATA= is missing))

.PHONY: grid cells FORCE
grid:
	@$(if $(mistake),echo "grid: $(mistake)" >&2; exit 2)
	mkdir -p "$(OUT)"
	status=0
	$(MAKE) --no-print-directory -k -f $(grid_mk) cells || status=$$?
	$(scripts)/report --collect "$(OUT)" $(cells) >"$(OUT)/results.tsv.part"
	mv "$(OUT)/results.tsv.part" "$(OUT)/results.tsv"
	exit $$status

# Named here, what is kept is no intermediate file to make.
kept := recipe model.safetensors metrics.tsv $(if $(filter yes,$(OVERLAYS)),overlays) $(if $(filter yes,$(MAPS)),maps.npys)
cells: $(CATEGORIES:%=$(OUT)/%/images) $(foreach k,$(kept),$(cells:%=$(OUT)/%/$k))
FORCE:

# What a cell depends on besides the weights: its options, and its images by name, size and time. The files are written anew
# only when they would differ.
define write_if_changed
mkdir -p "$(@D)"
if [ ! -e "$@" ] || [ "$$text" != "$$(<"$@")" ]; then echo "$$text" >"$@"; fi
endef
$(OUT)/%/recipe: FORCE
	@text="$(IMAGES); $(PRECISION); $(weights); $(layers); $(program) $(FIT_$(method))"
	$(write_if_changed)
$(OUT)/%/images: FORCE
	@text=$$(find -L "$(DATA)/$*" -type f -printf '%P %s %T@\n' | sort)
	$(write_if_changed)

# Each step is a pipeline under scripts/measure, which knows what to remove when it fails.
images = imgcat -q $(threads) $(IMAGES) "$(DATA)/$(category)"
features = featx -q $(threads) --precision $(PRECISION) -w "$(weights)" -l $(layers)
step = $(scripts)/measure "$(@D)" $(notdir $(basename $@))
masks = $(or $(MASKS),$(if $(wildcard $(DATA)/$(category)/ground_truth),yes))
with_masks = $(if $(filter yes,$(masks)),-M <($(images) -s test -M))

$(OUT)/%/model.safetensors: $(OUT)/%/recipe $(OUT)/$$(category)/images $$(weights_file)
	@rm -rf "$(@D)"/{metrics.tsv,scores.tsv,maps.npys,overlays,*.time,log}
	echo "fit      $*"
	$(step) '$(images) -s train | $(features) | $(program) -q $(threads) $(FIT_$(method)) -o "$@"'

$(OUT)/%/maps.npys: $(OUT)/%/model.safetensors
	@echo "score    $*"
	$(step) '$(images) -s test | $(features) | $(program) -q $(threads) -m "$<" -t "$(@D)/scores.tsv" >"$@.part"'
	mv "$@.part" "$@"

# Maps are large: they go when all that is made of them is there.
$(OUT)/%/metrics.tsv: $(OUT)/%/maps.npys $(if $(filter yes,$(OVERLAYS)),$(OUT)/%/overlays)
	@echo "measure  $*"
	$(step) 'auroc -q $(threads) $(with_masks) "$<" >"$@.part"'
	mv "$@.part" "$@"
	$(if $(filter yes,$(MAPS)),,rm "$<")

$(OUT)/%/overlays: $(OUT)/%/maps.npys
	@echo "draw     $*"
	$(step) 'heatmap -q --panel -i <($(images) -s test) $(with_masks) -O "$@.part" "$<"'
	rm -rf "$@"
	mv "$@.part" "$@"
	touch "$@"
