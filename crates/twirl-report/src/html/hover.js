for (const kind of ["pointerover", "click"]) {
  document.addEventListener(kind, (event) => {
    const mark = event.target.closest("[data-v]");
    if (mark) mark.closest("figure").querySelector(".readout").textContent = mark.dataset.v;
  });
}
