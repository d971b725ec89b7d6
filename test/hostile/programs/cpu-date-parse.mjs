// attack: CPU: dates, numbers and collation keys in a tight loop of host calls
export default {
  fetch() {
    for (let index = 0; ; index++) {
      new Date(index).toLocaleString("ar-EG", { timeZone: "Pacific/Chatham", dateStyle: "full" });
      (index / 7).toLocaleString("hi-IN", { style: "unit", unit: "kilometer-per-hour" });
      "İ".repeat(1_000).toLocaleLowerCase("tr");
    }
  },
};
