# %%
"""A Cox model: alone and together, whether hazards are proportional, and curves made of it.

Run it from the project's folder: ``PYTHONPATH=. python docs/cox_model.py``.
"""

import numpy as np

from app.analysis.regression import adjusted_survival, cox
from app.analysis.survival import kaplan_meier
from app.cohort.filters import Filter
from data_loaders import load_cohort

# %% One row a patient. A gene that was not tested is missing, and not "not altered".
cohort = load_cohort("demo:mpn")
patients = Filter.from_dict({"column": "diagnosis", "in": ["MF"]}).apply(cohort).cohort
frame = patients.patients[["os_months", "os_event", "age_years", "sex"]].copy()
frame["ASXL1"] = patients.alterations["ASXL1"]
COVARIATES = ["ASXL1", "age_years", "sex"]
DECADE = {"age_years": 10}  # the ratio of ten years of age, not of one
frame = frame.dropna(subset=["os_months", "os_event"])
print(f"{len(frame)} patients followed, {frame['ASXL1'].isna().sum()} not tested for ASXL1")

# %% Each alone, then all together: what changes is what the others explain
alone = {
    name: cox(
        frame, "os_months", "os_event", [name],
        units={key: value for key, value in DECADE.items() if key == name},
    )
    for name in COVARIATES
}  # fmt: skip
model = cox(frame, "os_months", "os_event", COVARIATES, units=DECADE)
for name, (_, row) in zip(COVARIATES, model.summary.iterrows(), strict=True):
    one = alone[name].summary.iloc[0]
    print(
        f"{row['term']:<22} alone {one['hr']:.4f}, together {row['hr']:.4f} "
        f"({row['lower']:.4f} to {row['upper']:.4f}), p = {row['p_value']:.4g}"
    )
print(f"n = {model.n}, events = {model.events}, concordance {float(model.concordance):.4f}")

# %% The partial likelihood by hand: at each death, how likely was it this patient of those at risk?
used = frame.dropna(subset=COVARIATES)
time, event = used["os_months"].to_numpy(), used["os_event"].to_numpy(bool)
X = np.column_stack(
    [
        used["ASXL1"].astype(float),
        used["age_years"] / DECADE["age_years"],
        used["sex"] == "M",
    ]
).astype(float)
scores = X @ model.summary["coef"].to_numpy()
log_likelihood = 0.0
for t in np.unique(time[event]):
    risk, dying = np.exp(scores[time >= t]).sum(), np.flatnonzero(event & (time == t))
    tied = np.exp(scores[dying]).sum()
    # Efron: of d deaths at one time, each next one finds the tied ones partly gone.
    for k in range(len(dying)):
        log_likelihood -= np.log(risk - k / len(dying) * tied)
    log_likelihood += scores[dying].sum()
print(f"\nlog-likelihood by hand {log_likelihood:.6f}, library {model.log_likelihood:.6f}")

# %% Are the hazards proportional? A small p says that a ratio changes over time.
print(f"\n{model.ph_test.to_string(index=False, float_format='%.4g'.__mod__)}")

# %% Adjusted curves: everyone with their own age and sex, all without, then all with the mutation
adjusted = adjusted_survival(model, frame, "ASXL1", times=[60.0])
print("\nSurvival at 5 years, adjusted and as observed")
for _, row in adjusted.table.iterrows():
    own = used[used["ASXL1"].astype(bool) == bool(row["group"])]
    seen = kaplan_meier(own["os_months"], own["os_event"]).at([60.0])["survival"].iloc[0]
    print(
        f"ASXL1 {row['group']}: {row['survival']:.4f} ({row['lower']:.4f} to "
        f"{row['upper']:.4f}), observed {seen:.4f}"
    )
