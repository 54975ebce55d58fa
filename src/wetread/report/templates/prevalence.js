(function () {
  "use strict";
  var z = 1.959964;
  function two(x) {
    for (var decimals = 2; decimals < 5; decimals += 1) {
      if (Number(x.toFixed(decimals)) < 1 || x >= 1) { return x.toFixed(decimals); }
    }
    return "0.9999";
  }
  function expit(x) { return 1 / (1 + Math.exp(-x)); }
  function cell(value, middle, variance) {
    if (!isFinite(value)) { return "not defined"; }
    var reach = z * Math.sqrt(variance);
    return two(value) + " (" + two(Math.min(value, expit(middle - reach))) + " to " + two(Math.max(value, expit(middle + reach))) + ")";
  }
  var box = document.getElementById("prevalence");
  if (!box) { return; }
  var input = box.querySelector("input"), rows = document.querySelectorAll("[data-terms]");
  box.hidden = false;
  function show() {
    var share = Number(input.value) / 100, good = share > 0 && share < 1, odds = Math.log(share / (1 - share));
    rows.forEach(function (row) {
      var t = JSON.parse(row.getAttribute("data-terms")), cells = row.querySelectorAll("td[data-value]");
      row.hidden = false;
      var found = t.sensitivity * share, alarms = (1 - t.specificity) * (1 - share);
      var cleared = t.specificity * (1 - share), missed = (1 - t.sensitivity) * share;
      cells[0].textContent = good ? cell(found / (found + alarms), t.ppv + odds, t.ppv_variance) : "";
      cells[1].textContent = good ? cell(cleared / (cleared + missed), t.npv - odds, t.npv_variance) : "";
    });
  }
  input.addEventListener("input", show);
  show();
}());
