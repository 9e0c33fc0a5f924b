for (const kind of ["pointerover", "click"]) {
  document.addEventListener(kind, (event) => {
    const mark = event.target.closest("[data-x]");
    if (mark) mark.closest("figure").querySelector(".readout").textContent = mark.querySelector("title").textContent;
  });
}
for (const filter of document.querySelectorAll(".filter")) {
  const boxes = [...filter.querySelectorAll("input")];
  const show = () => {
    const off = new Set(boxes.filter((box) => !box.checked).map((box) => box.value));
    for (const part of filter.closest("section").querySelectorAll("[data-arm]")) {
      part.toggleAttribute("hidden", off.has(part.dataset.arm));
    }
  };
  filter.addEventListener("change", show);
  filter.querySelector("button").addEventListener("click", () => {
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
    show();
  });
  filter.hidden = false;
}
