// What scripts add: whoever puts a phone down is warned, and their page goes; whoever leaves quickly leaves no page to go back to; a page that a browser
// has kept is asked for again. Everything else works without them.
(function () {
  "use strict";
  document.documentElement.classList.remove("no-js");

  // A page out of the browser's own store may be of somebody who has signed out.
  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    document.body.hidden = true;
    window.location.reload();
  });

  var leave = document.getElementById("leave");
  var ticking;
  function go(event) {
    if (event) event.preventDefault();
    window.clearInterval(ticking);
    document.body.hidden = true;
    window.location.replace(leave.href);
  }
  if (leave) {
    leave.addEventListener("click", go);
    // Three times Escape, as elsewhere.
    var pressed = [];
    document.addEventListener("keydown", function (event) {
      if (event.key !== "Escape") return;
      pressed = pressed.filter(function (at) { return event.timeStamp - at < 3000; });
      pressed.push(event.timeStamp);
      if (pressed.length === 3) go();
    });
  }

  var idle = Number(document.body.dataset.idle);
  if (!idle) return;
  var soon = document.getElementById("idle-soon");
  var begun = Date.now();
  function out() {
    window.clearInterval(ticking);
    document.body.hidden = true;
    window.location.replace(document.body.dataset.out);
  }
  // Asks for as long again.
  function stay() {
    begun = Date.now();
    soon.hidden = true;
    window.fetch(document.body.dataset.stay, { credentials: "same-origin" }).then(function (answer) {
      if (answer.redirected) out();
    }, function () {});
  }
  // Whoever writes or reads on is there.
  ["input", "click", "keydown", "scroll"].forEach(function (sign) {
    document.addEventListener(sign, function () {
      if (Date.now() - begun > 60000 && Date.now() - begun < idle * 1000) stay();
    }, { passive: true });
  });
  ticking = window.setInterval(function () {
    var left = idle - (Date.now() - begun) / 1000;
    if (left <= 0) out();
    else if (left <= 120 && soon.hidden) soon.hidden = false;
  }, 1000);
  document.getElementById("stay").addEventListener("click", stay);
})();
