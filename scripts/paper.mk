# The paper's table: eight methods x weights x categories, as a grid (scripts/grid.mk), and what each weights cost.
#
#   make -f scripts/paper.mk DATA=mvtec WEIGHTS="fractal.safetensors resnet18.safetensors random:1"
#
# DATA, CATEGORIES, WEIGHTS, IMAGES, PRECISION, LAYER4, FIT_x ... as for grid.mk; METHODS= for others than the eight
# MINUTES     of each training (default 5), or EPOCHS. Frozen methods, PatchCore and PaDiM, take what they take.
# SEEDS       "0 1 2": each fit with each, for the spread
# REFERENCE   what weights are compared with, as WEIGHTS names them (default: the first whose name has imagenet, else the first)
# ESTIMATE    no: begin at once
# OUT         where everything goes (default paper): all that grid.mk writes there, and
#   paper.tsv   one row a method and weights: means over the categories, the loss against the reference, the spread over seeds
#   kinds.tsv   one row a kind of defect and weights: how many images, the mean image AUROC of all methods, the loss
#
# Before it begins it says how long it will take: each method fits and scores the first category twice, with 16 and with 64 images
# at most and one epoch, with the largest of WEIGHTS; scripts/estimate says how the rest follows from that. After each cell it says
# what is left. Interrupt it and run it again: what is done stays. A cell that fails is named, again at the end, and stops no other.

SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -ec
.ONESHELL:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

OUT ?= paper
IMAGES ?= -r 256
WEIGHTS ?= random:1
MINUTES ?= $(if $(EPOCHS),,5)

quote = '$(subst ','\'',$1)'
scripts := $(shell cd "$$(dirname $(call quote,$(strip $(MAKEFILE_LIST))))" && pwd)
export FERN_BIN ?= $(scripts)/../bin
export PATH := $(FERN_BIN):$(PATH)
$(eval $(file <$(scripts)/methods.mk))
METHODS ?= $(eight)
REFERENCE ?= $(or $(firstword $(foreach w,$(WEIGHTS),$(if $(findstring imagenet,$w),$w))),$(firstword $(WEIGHTS)))
largest := $(or $(shell ls -S $(foreach w,$(filter-out random:%,$(WEIGHTS)),$(call quote,$w)) /dev/null 2>/dev/null | grep -v -m 1 -x /dev/null),random:1)

export OUT JOBS
JOBS := $(or $(patsubst -j%,%,$(filter -j%,$(MAKEFLAGS))),1)
export PAPER_SCRIPTS := $(scripts)
grid := $(MAKE) --no-print-directory -f "$$PAPER_SCRIPTS/grid.mk" METHODS=$(call quote,$(METHODS)) MINUTES=$(call quote,$(MINUTES))
.PHONY: paper
paper:
	@mkdir -p "$$OUT"
	rm -f "$$OUT/estimate.tsv"
	$(grid) missing OUT="$$OUT" >"$$OUT/missing"
	cells=$$(wc -l <"$$OUT/missing")
	echo "$$cells cells to make, of $(words $(METHODS)) methods and $(words $(WEIGHTS)) weights"
	if [ "$$cells" -gt 0 ] && [ "$(ESTIMATE)" != no ]; then
	    category=$$(head -n 1 "$$OUT/missing" | cut -d / -f 1)
	    for run in "few 16" "more 64"; do
	        read -r name limit <<<"$$run"
	        mkdir -p "$$OUT/probe/$$name"
	        echo "$$limit" >"$$OUT/probe/$$name/limit"
	        echo "measuring each method on $$limit images of $$category"
	        $(grid) probe OUT="$$OUT/probe/$$name" IMAGES=$(call quote,$(IMAGES))" -l $$limit" CATEGORIES="$$category" \
	            WEIGHTS=$(call quote,$(largest)) SEEDS= >/dev/null || :
	    done
	    "$$PAPER_SCRIPTS/estimate" "$$OUT"
	fi
	status=0
	$(grid) OUT="$$OUT" || status=$$?
	rm -f "$$OUT/estimate.tsv"
	$(grid) missing OUT="$$OUT" >"$$OUT/missing"
	echo
	"$$PAPER_SCRIPTS/paper-table" $(call quote,$(REFERENCE)) "$$OUT"
	if [ -s "$$OUT/missing" ]; then
	    echo
	    echo "These cells failed:"
	    while read -r cell; do
	        echo "  $$cell: $$(head -n 1 "$$OUT/$$cell/log" 2>/dev/null || echo its weights or images are missing)"
	    done <"$$OUT/missing"
	fi
	exit $$status
