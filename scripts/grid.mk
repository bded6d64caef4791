# A grid of experiments: categories x weights x layers x methods, one cell each, and one table of all results.
#
#   make -f scripts/grid.mk DATA=mvtec CATEGORIES="bottle cable" WEIGHTS="a.safetensors random:1" \
#       METHODS="padim patchcore" OUT=grid -j2
#
# DATA        the folder above the categories; blanks may be in its name and in OUT's, in no other
# CATEGORIES  its data sets (default: all folders that have a train/), in any layout that imgcat knows
# WEIGHTS     safetensors files and random:SEED (default random:1)
# METHODS     names of scripts/methods.mk: padim patchcore (the default) fastflow cflow stfpm rd panda cutpaste knn gauss, or
#             programs that fit with -o and score with -m. A name of your own stands for one of them with options:
#             METHODS="one" PROGRAM_one=patchcore FIT_one="-r 0.01 --score patch"
# FIT_x       options of method x's fit: of what trains, where something does (oneclass for panda and cutpaste);
#             DETECTOR_x: of the detector behind oneclass
# MINUTES, EPOCHS  of each training (default: what the program thinks good);  SEEDS="0 1 2": each fit with each of them
# LAYERS      lists such as "layer2,layer3 layer1,layer2", for methods that read features (default: each method's own, by
#             scripts/methods.mk, or LAYERS_padim= and so on; taps: what the weights recommend);  LAYER4=no or yes: see there
# IMAGES      how imgcat brings the images to one size (default -r 256)
# PRECISION   f32, bf16 or auto (default): of features, and of what trains
# MASKS       yes or no (default: yes where a category has the folder ground_truth)
# OVERLAYS    yes: draw the anomaly maps, too;  MAPS=yes: keep them
# THREADS     of each program (default: all processors, or 1 under make -j)
# OUT         where everything goes (default grid):
#   results.tsv                         one row a kind of defect and one called all for each cell that is done: the figures
#                                       of auroc(1), seconds, CPU seconds and the peak MiB of the largest program of
#                                       fit and score, each from the files' images on; the seed
#   CATEGORY/WEIGHTS/LAYERS/METHOD/     model.safetensors, scores.tsv, metrics.tsv, log, maps.npys, overlays/, and with
#                                       panda and cutpaste tuned.safetensors; METHOD@SEED/ with SEEDS=
#
# Run it again and only what is missing, or whose images, weights or options have changed, is made. A cell that fails says
# why on stderr and in its log, leaves no half-written file, doesn't stop the others, and is tried again the next time;
# the exit status is then 2. Spread over machines with a shared folder, give each other CATEGORIES and the same OUT, at last
# run once for all. A training that was killed goes on from its checkpoint (the seconds of its fit are then the last part's).
# make -f scripts/grid.mk missing ... lists the cells that would be made, and makes none. make -f scripts/grid.mk probe ... fits
# and scores, and measures nothing but time. Where OUT/estimate.tsv says how long cells take, each says what is left (paper.mk).

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
$(eval $(file <$(scripts)/methods.mk))
ifneq ($(if $(THREADS),,$(filter -j%,$(MAKEFLAGS))),)
THREADS := 1
endif

# What is in DATA, seen from GRID_FROM: each NAME with a folder NAME/train, or (CHECK) whether a folder is there.
in_data = $(shell cd $(call quote,$(GRID_FROM)) && cd $(call quote,$(DATA)) 2>/dev/null && $1)
with_train := $(if $(DATA),$(call in_data,for f in */train; do if [ -d "$$f" ]; then echo "$${f%/train}"; fi; done | sort))
blank := $(if $(DATA),$(call in_data,for f in *[[:space:]]*/train; do if [ -d "$$f" ]; then echo "'$${f%/train}'"; fi; done | head -n 1))
CATEGORIES ?= $(with_train)

# random:1 is called random-1 in paths, pool:layer3 pool-layer3, and dir/w.safetensors is w.
slug = $(patsubst %.safetensors,%,$(notdir $(subst :,-,$1)))
$(foreach w,$(WEIGHTS),$(eval file_of_$(call slug,$w) := $w))
$(foreach w,$(WEIGHTS),$(eval taps_of_$(call slug,$w) := $(if $(w:random:%=),$(call taps_of,$w),$(default_layers))))

# The cells
of_all = $(if $(filter features,$(call shape_of,$1)),$(LAYERS))
$(foreach m,$(METHODS),$(eval layers_of_$m := $(or $(LAYERS_$m),$(call of_all,$m),$(call layers_in_row,$m))))
$(foreach m,$(METHODS),$(eval runs_of_$m := $(if $(and $(SEEDS),$(call seeded,$m)),$(SEEDS:%=$m@%),$m)))
layers_with = $(patsubst taps,$(taps_of_$(call slug,$1)),$(layers_of_$2))
$(foreach l,$(foreach w,$(WEIGHTS),$(foreach m,$(METHODS),$(call layers_with,$w,$m))),$(eval layers_of_path_$(call slug,$l) := $l))
cells := $(foreach c,$(CATEGORIES),$(foreach w,$(WEIGHTS),$(foreach m,$(METHODS),$(foreach l,$(call layers_with,$w,$m),\
    $(foreach r,$(runs_of_$m),$c/$(call slug,$w)/$(call slug,$l)/$r)))))

# The parts of a cell's name, in a recipe or a prerequisite
part = $(word $1,$(subst /, ,$*))
category = $(call part,1)
weights = $(file_of_$(call part,2))
layers = $(layers_of_path_$(call part,3))
run = $(subst @, ,$(call part,4))
method = $(word 1,$(run))
seed = $(word 2,$(run))
shape = $(call shape_of,$(method))
program = $(call program_of,$(method))
trainer = $(call trainer_of,$(method))
threads := $(if $(THREADS),-j $(THREADS))

mistake := $(strip $(if $(DATA),\
    $(if $(CATEGORIES),,$(DATA) has no folder with a train/; say CATEGORIES=)\
    $(if $(filter file,$(origin CATEGORIES)),$(if $(blank),a blank in the name of category $(blank): rename it or make a link to it,))\
    $(if $(filter-out $(words $(sort $(foreach w,$(WEIGHTS),$(call slug,$w)))),$(words $(WEIGHTS))),two WEIGHTS have the same name)\
    $(if $(findstring /,$(CATEGORIES) $(METHODS) $(LAYERS)),no / may be in CATEGORIES METHODS and LAYERS)\
    $(if $(findstring @,$(METHODS)),no @ may be in METHODS),\
    DATA= is missing))

.PHONY: grid missing probe cells recipes probes FORCE
in_out = $(MAKE) --no-print-directory -k -C "$$GRID_OUT" -f "$$GRID_SCRIPTS/grid.mk"
grid:
	@$(if $(mistake),echo grid: $(call quote,$(mistake)) >&2; exit 2)
	mkdir -p "$$GRID_OUT"
	status=0
	$(in_out) cells || status=$$?
	"$$GRID_SCRIPTS/results" --collect "$$GRID_OUT" $(cells) >"$$GRID_OUT/results.tsv.part"
	mv "$$GRID_OUT/results.tsv.part" "$$GRID_OUT/results.tsv"
	exit $$status
missing:
	@$(if $(mistake),echo grid: $(call quote,$(mistake)) >&2; exit 2)
	mkdir -p "$$GRID_OUT"
	$(in_out) recipes
	cd "$$GRID_OUT"
	for cell in $(cells); do
	    [ "$$cell/metrics.tsv" -nt "$$cell/recipe" ] && [ "$$cell/metrics.tsv" -nt "$${cell%%/*}/images" ] || echo "$$cell"
	done

probe:
	@mkdir -p "$$GRID_OUT"
	$(in_out) probes PROBE='-e 1'

# Named here, what is kept is no intermediate file to make.
kept = $(if $(filter tuned,$(shape)),tuned.safetensors) model.safetensors metrics.tsv \
    $(if $(filter yes,$(OVERLAYS)),overlays) $(if $(filter yes,$(MAPS)),maps.npys)
kept_of = $(foreach *,$1,$(kept:%=$1/%))
recipes: $(CATEGORIES:%=%/images) $(cells:%=%/recipe)
cells: recipes $(foreach c,$(cells),$(call kept_of,$c))
ifneq ($(filter probes,$(MAKECMDGOALS)),)
probes: $(cells:%=%/maps.npys)
endif
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
	text="$(IMAGES); $(PRECISION); $(weights) $$file; $(layers); $(program) $(learning) $(DETECTOR_$(method))"
	$(write_if_changed)
%/images: FORCE
	@$(begin)
	text=$$(find -L "$$GRID_DATA/$*" -type f -printf '%P %s %T@\n' | LC_ALL=C sort)
	$(write_if_changed)

# Each step is a pipeline under scripts/measure, which knows what to remove when it fails.
images = imgcat -q $(threads) $(IMAGES) "$$GRID_DATA/$(category)"
featx = featx -q $(threads) --precision $(PRECISION) -w $(if $(filter tuned,$(shape)),"$$cell/tuned.safetensors","$(weights)") -l $(layers)
into_program = $(images) -s $1 | $(if $(filter images,$(shape)),,$(featx) | )$(program) -q $(threads) $(if $(filter images,$(shape)),-w "$(weights)")
step = "$$GRID_SCRIPTS/measure" "$$cell" $(notdir $(basename $@))
# Options of what learns: the program, or oneclass before it. Of those that train, the checkpoint is for the cell as it is.
name_of_method = $(call method_of,$(method))
precision_of_training = $(if $(filter f32 bf16,$(PRECISION)),--precision $(PRECISION))
training = $(if $(trainer),$(precision_of_training) $(EPOCHS:%=-e %) $(if $(budget_of_$(trainer)),$(MINUTES:%=--minutes %)))
$(if $(MINUTES),$(foreach t,$(trainers),$(eval budget_of_$t := $(call has_option,$t,--minutes))))
learning = $(strip $(if $(name_of_method),--method $(name_of_method)) $(training) $(seed:%=-s %) $(FIT_$(method)) $(if $(trainer),$(PROBE)))
vectors = $(patsubst layer%,pool:layer%,$(layers))
detecting = $(if $(filter tuned,$(shape)),$(DETECTOR_$(method)),$(learning) $(if $(trainer),--resume))
define drop_old_checkpoint
for than in "$$cell/recipe" "$$GRID_OUT/$(category)/images"; do
    if [ "$$than" -nt "$$out.checkpoint" ]; then rm -f "$$out.checkpoint"; fi
done
endef
has_masks = $(call in_data,cd $(category) && if [ -d ground_truth ] || [ -d test_public/ground_truth ]; then echo yes; fi)
masks = $(or $(MASKS),$(has_masks))
with_masks = $(if $(filter yes,$(masks)),-M <($(images) -s test -M))

%/tuned.safetensors: %/recipe $$(category)/images
	@$(begin)
	rm -rf "$$cell"/{model.safetensors,metrics.tsv,scores.tsv,maps.npys,overlays,*.time,log}
	$(drop_old_checkpoint)
	echo "tune     $*"
	$(step) '$(images) -s train | oneclass -q $(threads) -w "$(weights)" -l $(vectors) $(learning) --resume -o "$$out"'

%/model.safetensors: %/recipe $$(category)/images $$(if $$(filter tuned,$$(shape)),$$*/tuned.safetensors)
	@$(begin)
	rm -rf "$$cell"/{metrics.tsv,scores.tsv,maps.npys,overlays,m*.time,log}
	$(drop_old_checkpoint)
	echo "fit      $*"
	$(step) '$(call into_program,train) $(detecting) -o "$$out"'

%/maps.npys: %/model.safetensors
	@$(begin)
	echo "score    $*"
	$(step) '$(call into_program,test) -m "$$cell/model.safetensors" -t "$$cell/scores.tsv" >"$$out.part"'
	mv "$$out.part" "$$out"

# Maps are large: they go when all that is made of them is there.
%/metrics.tsv: %/maps.npys $(if $(filter yes,$(OVERLAYS)),%/overlays)
	@$(begin)
	echo "measure  $*"
	$(step) 'auroc -q $(threads) $(with_masks) "$$cell/maps.npys" >"$$out.part"'
	mv "$$out.part" "$$out"
	$(if $(filter yes,$(MAPS)),,rm "$$cell/maps.npys")
	if [ -e "$$GRID_OUT/estimate.tsv" ]; then "$$GRID_SCRIPTS/estimate" --left "$$GRID_OUT"; fi

%/overlays: %/maps.npys
	@$(begin)
	echo "draw     $*"
	$(step) 'heatmap -q --panel -i <($(images) -s test) $(with_masks) -O "$$out.part" "$$cell/maps.npys"'
	rm -rf "$$out"
	mv "$$out.part" "$$out"
	touch "$$out"
