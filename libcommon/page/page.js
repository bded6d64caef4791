/* What moves on a report: language, thresholds, the gallery's filters. Without it the page stands as it was written. */
(function () {
    "use strict";
    const root = document.documentElement, price = document.body.dataset;
    const all = (from, what) => Array.from(from.querySelectorAll(what));
    const group = (x, decimals) => x.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

    /* A rate as the page writes it: what is neither all nor nothing does not look so. */
    function percent(rate) {
        if (!Number.isFinite(rate)) return "-";
        const p = 100 * rate, end = Math.min(p, 100 - p);
        let decimals = 1;
        while (decimals < 6 && end > 0 && end < 0.5 * Math.pow(10, -decimals)) decimals++;
        return p.toFixed(p === Math.floor(p) ? 0 : decimals) + "%";
    }

    function speak(language) {
        root.lang = language;
        all(document, "[data-language]").forEach(b => b.setAttribute("aria-pressed", b.dataset.language === language));
    }
    all(document, "[data-language]").forEach(b => b.addEventListener("click", () => speak(b.dataset.language)));
    speak(root.lang);

    /* Counts at a threshold. */
    function count(scores, threshold) {
        const c = { defective: 0, found: 0, good: 0, alarms: 0 };
        for (const [score, bad] of scores) {
            if (bad) { c.defective++; c.found += score >= threshold; } else { c.good++; c.alarms += score >= threshold; }
        }
        return c;
    }

    function show(block, kind, text) {
        const place = block.querySelector("." + kind);
        if (place) place.textContent = text;
    }

    function tell(block, c) {
        const recall = c.found / c.defective, alarms = c.alarms / c.good;
        show(block, "found", percent(recall) + " (" + c.found + " / " + c.defective + ")");
        show(block, "alarms", percent(alarms) + " (" + c.alarms + " / " + c.good + ")");
        const missed = price.parts * price.rate * (1 - recall), called = price.parts * (1 - price.rate) * alarms;
        const cost = price.days * (missed * price.miss + called * price.alarm);
        show(block, "missed-day", Number.isFinite(missed) ? group(missed, 1) : "-");
        show(block, "alarms-day", Number.isFinite(called) ? group(called, 1) : "-");
        show(block, "cost", Number.isFinite(cost) ? price.currency + " " + group(cost, 0) : "–");
    }

    const cards = all(document, ".card"), chosen = { verdict: "", kind: "" };
    function filter() {
        let shown = 0;
        for (const card of cards) {
            card.hidden = (chosen.verdict && card.dataset.verdict !== chosen.verdict) || (chosen.kind && card.dataset.kind !== chosen.kind);
            shown += !card.hidden;
        }
        const place = document.querySelector(".shown output");
        if (place) place.textContent = shown + " / " + cards.length;
    }
    function judge(threshold) {
        for (const card of cards) {
            const called = Number(card.dataset.score) >= threshold;
            card.dataset.verdict = card.dataset.defective === "1" ? (called ? "found" : "missed") : (called ? "alarm" : "passed");
        }
        filter();
    }
    for (const name of ["verdict", "kind"]) {
        const buttons = all(document, ".filters [data-" + name + "]");
        buttons.forEach(b => b.addEventListener("click", () => {
            chosen[name] = b.dataset[name];
            buttons.forEach(other => other.setAttribute("aria-pressed", other === b));
            filter();
        }));
    }

    function live(block) {
        const { threshold, scores } = JSON.parse(block.querySelector(".scores").textContent);
        const svg = block.querySelector("svg"), mark = svg.querySelector(".moved"), slider = block.querySelector("input");
        const left = +svg.dataset.left, width = +svg.dataset.width, from = +svg.dataset.from, to = +svg.dataset.to;
        const drawn = mark.getAttribute("d").replace(/^M[^ ]*/, "");

        function move(t) {
            const share = Math.min(1, Math.max(0, (t - from) / (to - from)));
            mark.setAttribute("d", "M" + (left + width * share).toFixed(1) + drawn);
            block.querySelector("output").textContent = Number(t).toPrecision(4);
            tell(block, count(scores, t));
            if (block.dataset.run === "0") judge(t);
        }
        function drag(event) {
            const box = svg.getBoundingClientRect(), x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
            slider.value = from + (x - left) / width * (to - from);
            move(Number(slider.value));
        }
        slider.addEventListener("input", () => move(Number(slider.value)));
        block.querySelector(".reset").addEventListener("click", () => { slider.value = threshold; move(threshold); });
        svg.addEventListener("pointerdown", e => { svg.setPointerCapture(e.pointerId); drag(e); });
        svg.addEventListener("pointermove", e => { if (svg.hasPointerCapture(e.pointerId)) drag(e); });
        move(threshold);
    }
    all(document, ".threshold").forEach(live);
    filter();
})();
