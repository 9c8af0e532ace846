import streamlit as st

from app.shell.layout import page_header
from app.study.glossary import GLOSSARY, in_lines
from app.views.methods.words import REFERENCES, cited, version_table

page_header("Methods", "How each number comes about, for the reader who will be asked.")

data, survival, models, subgroups, groups, transplant, words, versions, references = st.tabs(
    [
        "Data", "Survival", "Models and risks", "Subgroups", "Groups and patients", "Transplant",
        "Words", "Versions", "References",
    ]
)  # fmt: skip
with data:
    st.markdown(
        cited(
            """
**Patients and times.** One row a patient. Times become months once, when a file is read
(1 month = 30.4375 days, 12 months = 365.25 days), and pages show years or months.

**Tested, altered, not tested.** An alteration is altered, not altered or *not tested*. Not tested
is never wild type: every frequency is of the patients tested, with Wilson's 95% interval [@wilson].

**Filters.** A patient is kept where every condition is known to hold. Where a value is missing or
a gene was not tested the patient is left out, also under "none of these", and counted as not known
beside each step.

**Gene names.** Former symbols become today's (MLL3 is KMT2C); each change is listed on the Data
page. What a file holds and the app does not know is kept as an ordinary column.

**Disclosure control** is a setting of the server, off unless it sets a threshold k, such as 5
[@handbook] or 11 [@cms]. Then a question is one of a finite list, drawn up once a cohort: the
disease, and at most two values of other variables, or one value and one alteration. Values are
categories of 2k patients or more, decades of age and ranges of other numbers that share no limit;
there are no unions, no ranges and no limits of one's own choice, because such selections can be
made to differ by one patient. Every number on screen is the answer to such a question: a count
below k, zero too, is hidden, others are rounded to the nearest k, and shares, intervals and
curves are computed from the released counts. Curves are life tables at ten months of follow-up,
with one condition or group beside the disease. All answers are audited together before any is
given: who holds all of them knows each count to an interval, parts add up to wholes, three
questions of two values bound one another, and a linear programme solves for all counts of a table
at once [@sdc]; where that would tell a count of 1 to k - 1 more closely than "fewer than k",
further answers are hidden. **Protected** is that no small count of the list can be worked out from
everything the server says. **Not protected** are what the reader
knows from elsewhere, including two versions of a cohort compared; that a whole group has, or
lacks, something, where the group has k patients or more; and large counts, which many answers
together may tell more closely than their rounding. Pages and views that show patients one by one,
or few in many places, are not shown. It is no substitute for deciding who may use the server.

**Cohorts combined.** Variables are the same by their meaning in the vocabulary, else by name or
label; numbers are converted to the first cohort's unit, and stay apart where they cannot be.
What a cohort did not look for is not tested there. Endpoints are the same by their key; where
one cohort has a competing event and another none, the findings say so. Patients of two cohorts
who are alike in age, sex, diagnosis, times and alterations are suspected to be one, and marked
only where there are more of them than chance gives, judged by the pairs within each cohort.

**Demo cohorts** are simulated. Frequencies, co-occurrence and hazard ratios follow published
figures; the Data page lists each with its source. No patient stands behind any row.
        """
        )
    )
with survival:
    st.markdown(
        cited(
            """
**Curves.** Kaplan-Meier's product-limit estimate [@km] with Greenwood's variance. The 95% interval
is taken on the log-log scale unless another is chosen: R's `survfit` prints the log scale unless
told `conf.type = "log-log"`. Where the estimate is still 100% an interval is not defined.

**Numbers at risk** at time *t* are the patients whose follow-up reaches *t*. The table stands under
the same ticks as the axis [@kmunicate].

**Median** is the first time at which the curve is at or below one half; "not reached" where it
never is. Its interval is where the limits of the band cross one half.

**Follow-up** is the median by reverse Kaplan-Meier [@followup]: deaths count as the end of
observation.

**Comparison.** The log-rank test [@logrank] over all groups with patients, within strata where a
variable is named; Peto-Peto's and the Fleming-Harrington tests [@fleming] weigh early, middle or
late differences. Ordered groups are also tested for a trend [@trend]. Every pair is adjusted by
Holm [@holm] unless another method is chosen. Below 10 patients in a group no p-value is given.
A p-value is printed as p < 0.0001 when it is smaller.

**Differences** between groups at chosen times have Wald intervals from Greenwood's variances. The
restricted mean [@rmst] is the area under the curve up to a horizon, by default the longest that
every group is followed. Conditional survival is S(given + t) / S(given).

**Cut-offs.** Quantiles are of the selected patients. An optimal cut is the one whose standardised
log-rank statistic is largest [@maxstat]; its p-value is corrected for the search, and its hazard
ratio stands beside the cross-validated one, because the first is optimistic.

**Left truncation.** Where an endpoint has a time of entry, patients count as at risk from then on.

**Follow-up limit.** A limit is administrative censoring: every number on the page follows it.

**Derived endpoints.** The first of the events named counts, at its time; a competing event or a
censoring before it ends follow-up. On the same day an event comes before a competing one, and both
before a censoring. A patient without any is followed as stated, else to the shortest follow-up of
the endpoints named. Who has no time zero, had an event before it, or of whom an event is not known
is left out and counted. **Derived variables** are missing where the formula has no value (a
division by zero, a logarithm of what is not above zero); "and", "or" and "not" are three-valued.
        """
        )
    )
with models:
    st.markdown(
        cited(
            """
**Competing risks.** Cumulative incidence is Aalen and Johansen's estimate [@aj], exact with ties,
its intervals on the log-log scale with Gray's variance. Groups are compared by Gray's test
[@gray]. One minus Kaplan-Meier is not a risk: it is drawn only to show its error. The
cause-specific hazard ratio says whether the rate of the event differs among those still at risk;
Fine and Gray's [@finegray] whether more patients come to have it.

**Cox models** [@cox] use Efron's handling of ties [@efron], complete cases, and say who is left
out. Proportional hazards are tested by the score test of Grambsch and Therneau [@zph] over
Kaplan-Meier time, as R's `cox.zph`. Concordance is Harrell's [@harrell]. Where a level has no
event, Firth's correction with profile intervals [@firth] is used and said. Adjusted curves average
over the cohort what the model predicts for every patient [@makuch].

**Score against score** is of the patients with a certain class in both. Harrell's C [@harrell] and
Uno's [@uno], which weighs pairs by the probability of still being observed and ends where 10 are
still followed, are of the classes;
their intervals are R's (infinitesimal jackknife), those of the difference and of the area under
the curve over time [@auc] percentiles of 200 bootstrap samples of patients. The Brier score
[@brier] is of Kaplan-Meier curves by class in the same patients. A class' published survival stands
beside the observed one at the published time, without a model.

**WHO 2022** [@who2022] **and ICC 2022** [@icc2022] are decision lists over genes, cytogenetics,
blasts and counts for MDS, AML, CMML and MPN (there "compatible with", since the marrow decides). An
entity is given only where nothing that is missing could change it; else all that remain possible
are named, and what would decide. Blood blasts, Auer rods and, in MDS, what defines AML are asked
for where the cohort records them. Not judged: dysplasia, cellularity, fibrosis in MDS, and rarer
rearrangements of AML.

**Genomic classes** are decision lists too: the eight of MPN [@grinfeld], which agree with 98.8% of
1,033 labels that the authors gave, and classes of AML after Tazi [@tazi], whose precedence and
genes were inferred from labels: an approximation.

**Several hospitals.** A release holds counts of who left between the points of a grid, so that
Kaplan-Meier, log-rank and Gray's tests within sites, cumulative incidence and restricted means
are those of the pooled rows on that grid, exactly where no site rounds. Hazard ratios by site
are those of Cox models of its counts, together by random effects [@dersimonian], and beside
these stands that of one model stratified by site. A *Cox model over sites* with covariates is
stratified by site too: its log partial likelihood, gradient and Hessian are sums of the sites'
own, and Newton's method on these sums [@webdisco] gives the estimates of the pooled rows. One
exchange gives an approximation, ODAC [@odac] with the second-order term. **Protected:** at least
three sites; groups below a minimum are left out, and with them as many others as it takes that none
follows by subtraction; cumulative counts are rounded; means have three digits; no patient has more
than one part in the minimum of any combination of covariates (leverage) or of the weights of a
round; a site answers only the coefficients that Newton's method gives after sums that can hold its
own, a limited number of rounds and of sums, and no selection that differs from an earlier one by
fewer than the minimum, as far as its record was opened. Signed files (HMAC-SHA256 with a key of
site and coordinator) cannot be changed unnoticed by others. **What remains possible:** a site
whose counts are untrue and could be true; a coordinator who invents the other sites' sums, and
so leads the rounds where it likes within these limits; two sites that put what they know
together against a third; rounding that shows, by chance, that a count has changed; rows of the
sums being put together by somebody who knows nearly all of them; a session without the site's
record. Whoever has the key can sign, and a signature hides nothing.

**A large database** is asked for counts by group, distinct time and end of follow-up; conditions
and groups run there in three-valued logic, what is not known being neither in nor out. Estimates,
tests and Cox models of groups (Efron) from these counts are those of the rows. Units, codes and
levels are decided on a random sample, together with all values of columns that have few and the
ends of numbers; each conversion is written as an expression and compared with what the loaders
made of the sample, and what differs is refused. A sample of rows is drawn by a hash of the
identifier and the seed.

**The screen** fits one model for each alteration among the patients tested for it, and adjusts by
Benjamini and Hochberg [@bh] over everything tested.

**Events during follow-up**, such as a transplant, cannot make groups at time zero: who had it lived
until then (immortal time). A landmark analysis [@landmark] starts the clock later; Simon and
Makuch's curves [@simon] with Mantel and Byar's test [@mantelbyar], and a time-dependent Cox model,
let patients change group when it happens. None of them removes confounding.
        """
        )
    )
with subgroups:
    st.markdown(
        cited(
            """
**Features** tested in every selected patient and altered in at least 0.5% of them (5 patients, or 3
below 300) are used. Patients without any of them form a group of their own, outside the map.

**The map.** Patients with the same alterations are one point for the method. Between the distinct
profiles the Jaccard distance is exact; UMAP [@umap] lays them out in two dimensions. On the figure
those who share a profile are spread around their point, so that many are seen as many. Distances
between far islands mean nothing.

**The groups.** HDBSCAN [@hdbscan] runs over a grid of settings on several maps; the small clusters
of each run are merged while the marginal likelihood of the alterations improves (frequencies
integrated over a Beta prior around the overall ones, as in Bayesian hierarchical clustering
[@heller]; how tight, is estimated from the clusters); every profile joins its likeliest cluster,
and the consensus of the runs of most evidence gives the groups. A lesion with at least 80% of its
carriers in one group gets a group of its own where that has the greater evidence. A patient's
confidence is how often the runs agree; below 0.6 it is drawn as uncertain. The same data, settings
and seed give the same groups, whatever the order of the rows.

**Names** come from the alterations that define a group: carried by at least half of it and
enriched (Fisher's exact test, false discovery rate below 5% [@bh]).

**Survival of subgroups** is described, not confirmed: the groups were found in the same patients.
        """
        )
    )
with groups:
    st.markdown(
        cited(
            """
**Comparing groups.** Clinical variables are ranked by their test (Wilcoxon or Kruskal-Wallis,
Fisher or chi-squared) over those with a value, with standardised mean differences beside it.
Alterations of one group are set against the others among the tested, by Fisher's exact test with
conditional odds ratios and exact intervals. Both are adjusted by Benjamini and Hochberg [@bh] over
everything tested. What the groups are made of (the inputs of a score, the rules
of a classification, the columns of a formula or a filter) is known from their definition, named,
described and not tested, nor is what is made of the same; of a file's own classes it is inferred
from counts: an alteration of at least
95% of a group and at most half of the others. Groups that overlap are
made into combinations, or the overlap is left out, and the page says which.

**The ledger** on the Story page counts each distinct question once with the tests of its tables,
adjusted p-values, checks of assumptions and second ways of the same test (differences,
restricted means and hazard ratios beside a log-rank or Gray test) left out; q is Benjamini and
Hochberg's [@bh] over all comparisons of the session, and of those before it where the cohort is
kept on this machine. A frozen hypothesis names one test, a
direction and the data's fingerprint under a SHA-256; it is confirmed where other patients give p
below 0.05, two-sided, in that direction.

**Two cohorts.** Variables and alterations are matched by name, else by label; numbers are cut
where the first cohort's are. The groups that both have are shown on the same axes, followed for
as long as the shorter follow-up. Hazard ratios are of Cox models with the group alone; whether
they differ between the cohorts is Wald's test. Standardised mean differences of two groups have a
direction and 95% intervals (Hedges and Olkin 1985). A difference counts as found again where it
has the same direction and p below 0.05 divided by the number looked for.

**Prognostic scores** are tables of points, each with its publication and how well its points are
documented; formulas (IPSS-M, MIPI, Sokal, ELTS) are computed as printed. Which column feeds an
input, its unit and what was converted are listed. A missing input is never zero: the value has a
range over what it may be, and a class counts only where every completion gives it; a patient
without the karyotype that a score asks for has none. The IPSS-M takes its published best, mean and
worst values. On the 2,648 patients of its reference table IPSS-R, IPSS-RA and IPSS-M agree in every
one. Scores are for research and no diagnosis.

**Patients like one.** Alterations are compared by Jaccard's distance over those tested in both
patients, clinical values by Gower's [@gower] over those known in both, numbers by their ranks;
neither outcome nor treatment takes part. The distance is their weighted mean. How typical a patient
is compares the distances to its nearest patients with those of other patients to theirs. What
happened to the nearest patients is no prognosis for the one.
        """
        )
    )
with transplant:
    st.markdown(
        cited(
            """
**The target trial** [@targettrial] is written down first: who is eligible, time zero, strategies,
endpoint, horizon. Every eligible patient enters every arm as a clone, which is censored when the
patient departs from the arm's strategy and weighted by the inverse probability of not having
departed [@clones]: Cox models of transplant and of loss to follow-up on the confounders, by risk
class. Transplants are spread over a strategy's window as in these data, or evenly. Weights are
stabilised and not cut off unless asked.

**What it claims.** Kinds of patients, by age and class, of whom fewer than two followed the
strategy (or a class with fewer than ten) are left out and named. The horizon is the latest month at
which each side has an effective number of 20 (the halves of the risk where everyone together has
not); a class or half also needs 10 deaths in each arm. Intervals are the standard error over 1,000
bootstrap draws on Student's t with the degrees of freedom of both weighted arms (Satterthwaite),
and as much wider as so few patients vary more than draws of them [@narrow]; those of differences
come from the logarithm of what is lost under each strategy [@mover]; those of the classes hold
together (Šidák). The band over time holds at all times together, and begins where deaths that say
as much as 10 are behind it. A limit nearer to zero than twice its error of simulation is at the
border. One comparison of classes is named beforehand: higher against lower risk. The estimate
without the one patient who moves it most is told where it warns.

**On the same terms**, with the same patients and confounders: standardisation of a Cox model of
death, and of onsets, with the transplant early and late (g-formula); the doubly robust estimate, a
model of each arm whose weighted residuals are added back; adjusted landmarks; a Cox model with the
transplant as it comes. g-formula, doubly robust and Cox equal independent R code.

**States.** Occupancy is Aalen and Johansen's estimate [@aj], with leukaemia before and after a
transplant apart; each transition has a Cox model of its own. Life by delay comes from virtual
patients who live through these models, with parameters drawn anew for each interval; all intervals
of a table hold together. A cell with too few transplants in its half year or deaths is grey.

**An unmeasured confounder** could explain a result away if it were tied to transplant and death by
a risk ratio of the E-value [@evalue] each, from the hazard ratio, and no weaker one could. Beside
it stand the months of life that it would have to change, and how far the strongest measured
confounder moves the gain.
        """
        )
    )
with words:
    st.markdown("\n".join(f"- {line}" for line in in_lines(GLOSSARY)))
with versions:
    st.dataframe(version_table(), hide_index=True, key="versions")
with references:
    st.markdown("\n".join(f"{i}. {text}" for i, text in enumerate(REFERENCES.values(), 1)))
