# A grid of experiments: categories x weights x layers x methods, one cell each, and one table of all results.
#
#   make -f scripts/grid.mk DATA=mvtec CATEGORIES="bottle cable" WEIGHTS="a.safetensors random:1" \
#       METHODS="padim patchcore" OUT=grid -j2
#
# DATA        the folder above the categories; blanks may be in its name and in OUT's, in no other
# CATEGORIES  its data sets (default: all folders that have a train/), in any layout that imgcat knows
# WEIGHTS     safetensors files and random:SEED (default random:1)
# METHODS     programs that fit with -o and score with -m (default: padim patchcore). A name of your own stands for a
#             program with options:  METHODS="one" PROGRAM_one=patchcore FIT_one="-r 0.01 --neighbours 1"
# LAYERS      lists such as "layer2,layer3 layer1,layer2" (default: each method's own: LAYERS_padim= and so on, or what the
#             first example of its --help gives featx with -l, or layer2,layer3)
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

OUT ?= grid
WEIGHTS ?= random:1
METHODS ?= padim patchcore
IMAGES ?= -r 256
PRECISION ?= auto
default_layers := layer2,layer3

# Paths may have blanks, which make can't have in a target. So a second make runs in OUT, where all targets are
# CATEGORY/WEIGHTS/...; its recipes go back to the folder of the first, and name files by variables of the shell.
quote = '$(subst ','\'',$1)'
scripts := $(shell cd "$$(dirname $(call quote,$(strip $(MAKEFILE_LIST))))" && pwd)
export GRID_FROM ?= $(CURDIR)
export GRID_DATA := $(DATA)
export GRID_OUT := $(OUT)
export GRID_SCRIPTS := $(scripts)
export FERN_BIN ?= $(scripts)/../bin
export PATH := $(FERN_BIN):$(PATH)
ifneq ($(if $(THREADS),,$(filter -j%,$(MAKEFLAGS))),)
THREADS := 1
endif

# What is in DATA, seen from GRID_FROM: each NAME with a folder NAME/train, or (CHECK) whether a folder is there.
in_data = $(shell cd $(call quote,$(GRID_FROM)) && cd $(call quote,$(DATA)) 2>/dev/null && $1)
with_train := $(if $(DATA),$(call in_data,for f in */train; do if [ -d "$$f" ]; then echo "$${f%/train}"; fi; done | sort))
blank := $(if $(DATA),$(call in_data,for f in *[[:space:]]*/train; do if [ -d "$$f" ]; then echo "'$${f%/train}'"; fi; done | head -n 1))
CATEGORIES ?= $(with_train)

# random:1 is called random-1 in paths, and dir/w.safetensors is w.
slug = $(patsubst %.safetensors,%,$(notdir $(subst :,-,$1)))
$(foreach w,$(WEIGHTS),$(eval file_of_$(call slug,$w) := $w))
# What the first example of its --help gives featx
example = $(shell PATH="$(PATH)" $(or $(PROGRAM_$1),$1) --help 2>/dev/null | sed -n 's/^  .*featx [^|]*-l \([^ ]*\) .*/\1/p' | sed 1q)
$(foreach m,$(METHODS),$(if $(LAYERS)$(LAYERS_$m),,$(eval LAYERS_$m := $(or $(call example,$m),$(default_layers)))))
layers_of = $(or $(LAYERS),$(LAYERS_$1))
cells := $(foreach c,$(CATEGORIES),$(foreach w,$(WEIGHTS),$(foreach m,$(METHODS),$(foreach l,$(call layers_of,$m),$c/$(call slug,$w)/$l/$m))))

# The parts of a cell's name, in a recipe or a prerequisite
part = $(word $1,$(subst /, ,$*))
category = $(call part,1)
weights = $(file_of_$(call part,2))
layers = $(call part,3)
method = $(call part,4)
program = $(or $(PROGRAM_$(method)),$(method))
threads := $(if $(THREADS),-j $(THREADS))

mistake := $(strip $(if $(DATA),\
    $(if $(CATEGORIES),,$(DATA) has no folder with a train/; say CATEGORIES=)\
    $(if $(filter file,$(origin CATEGORIES)),$(if $(blank),a blank in the name of category $(blank): rename it or make a link to it,))\
    $(if $(filter-out $(words $(sort $(foreach w,$(WEIGHTS),$(call slug,$w)))),$(words $(WEIGHTS))),two WEIGHTS have the same name)\
    $(if $(findstring /,$(CATEGORIES) $(METHODS) $(LAYERS)),no / may be in CATEGORIES METHODS and LAYERS),\
    DATA= is missing))

.PHONY: grid cells FORCE
grid:
	@$(if $(mistake),echo grid: $(call quote,$(mistake)) >&2; exit 2)
	mkdir -p "$$GRID_OUT"
	status=0
	$(MAKE) --no-print-directory -k -C "$$GRID_OUT" -f "$$GRID_SCRIPTS/grid.mk" cells || status=$$?
	"$$GRID_SCRIPTS/report" --collect "$$GRID_OUT" $(cells) >"$$GRID_OUT/results.tsv.part"
	mv "$$GRID_OUT/results.tsv.part" "$$GRID_OUT/results.tsv"
	exit $$status

# Named here, what is kept is no intermediate file to make.
kept := recipe model.safetensors metrics.tsv $(if $(filter yes,$(OVERLAYS)),overlays) $(if $(filter yes,$(MAPS)),maps.npys)
cells: $(CATEGORIES:%=%/images) $(foreach k,$(kept),$(cells:%=%/$k))
FORCE:

# How each recipe begins.
define begin
cd "$$GRID_FROM"
out=$$GRID_OUT/$@
cell=$$GRID_OUT/$(@D)
export out cell
endef

# What a cell depends on: its options, its weights by size and time, and its images by name, size and time. The files are
# written anew only when they would differ.
define write_if_changed
mkdir -p "$$cell"
if [ ! -e "$$out" ] || [ "$$text" != "$$(<"$$out")" ]; then echo "$$text" >"$$out"; fi
endef
%/recipe: FORCE
	@$(begin)
	file=$$(find -L "$(weights)" -maxdepth 0 -printf '%s %T@' 2>/dev/null || :)
	text="$(IMAGES); $(PRECISION); $(weights) $$file; $(layers); $(program) $(FIT_$(method))"
	$(write_if_changed)
%/images: FORCE
	@$(begin)
	text=$$(find -L "$$GRID_DATA/$*" -type f -printf '%P %s %T@\n' | sort)
	$(write_if_changed)

# Each step is a pipeline under scripts/measure, which knows what to remove when it fails.
images = imgcat -q $(threads) $(IMAGES) "$$GRID_DATA/$(category)"
features = featx -q $(threads) --precision $(PRECISION) -w "$(weights)" -l $(layers)
step = "$$GRID_SCRIPTS/measure" "$$cell" $(notdir $(basename $@))
has_masks = $(call in_data,cd $(category) && if [ -d ground_truth ] || [ -d test_public/ground_truth ]; then echo yes; fi)
masks = $(or $(MASKS),$(has_masks))
with_masks = $(if $(filter yes,$(masks)),-M <($(images) -s test -M))

%/model.safetensors: %/recipe $$(category)/images
	@$(begin)
	rm -rf "$$cell"/{metrics.tsv,scores.tsv,maps.npys,overlays,*.time,log}
	echo "fit      $*"
	$(step) '$(images) -s train | $(features) | $(program) -q $(threads) $(FIT_$(method)) -o "$$out"'

%/maps.npys: %/model.safetensors
	@$(begin)
	echo "score    $*"
	$(step) '$(images) -s test | $(features) | $(program) -q $(threads) -m "$$cell/model.safetensors" -t "$$cell/scores.tsv" >"$$out.part"'
	mv "$$out.part" "$$out"

# Maps are large: they go when all that is made of them is there.
%/metrics.tsv: %/maps.npys $(if $(filter yes,$(OVERLAYS)),%/overlays)
	@$(begin)
	echo "measure  $*"
	$(step) 'auroc -q $(threads) $(with_masks) "$$cell/maps.npys" >"$$out.part"'
	mv "$$out.part" "$$out"
	$(if $(filter yes,$(MAPS)),,rm "$$cell/maps.npys")

%/overlays: %/maps.npys
	@$(begin)
	echo "draw     $*"
	$(step) 'heatmap -q --panel -i <($(images) -s test) $(with_masks) -O "$$out.part" "$$cell/maps.npys"'
	rm -rf "$$out"
	mv "$$out.part" "$$out"
	touch "$$out"
