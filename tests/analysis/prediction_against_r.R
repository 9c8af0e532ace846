# What R's survival says of two scores: Rscript prediction_against_r.R FOLDER
# Reads FOLDER/<cohort>.csv (time, event, x, y, p1.. p3 predicted survival at TIMES), writes
# FOLDER/results.csv with cohort, key, position and value.
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
results <- list()
put <- function(cohort, key, values) results[[length(results) + 1]] <<- data.frame(
  cohort = cohort, key = key, position = seq_along(values),
  value = format(as.numeric(values), digits = 17, scientific = TRUE, trim = TRUE))
for (file in list.files(folder, pattern = "^cohort_.*csv$")) {
  d <- read.csv(file.path(folder, file)); cohort <- sub("\\.csv$", "", file)
  TIMES <- if (max(d$time) > 60) c(12, 36, 60) else c(4, 8, 16)
  still <- coxph.control(iter.max = 0)  # models whose linear predictors are the scores
  fx <- coxph(Surv(time, event) ~ x, d, init = 1, control = still)
  fy <- coxph(Surv(time, event) ~ y, d, init = 1, control = still)
  for (w in c("n", "n/G2")) {
    k <- concordance(fx, fy, timewt = w)
    put(cohort, w, c(coef(k), sqrt(diag(vcov(k)))))
    put(cohort, paste(w, "difference"), sqrt(c(c(-1, 1) %*% vcov(k) %*% c(-1, 1))))
    k <- concordance(fx, fy, timewt = w, ymax = TIMES[2])
    put(cohort, paste(w, "until"), c(coef(k), sqrt(diag(vcov(k)))))
  }
  # Censoring: events leave before those censored at the same time.
  later <- d$time + ifelse(d$event == 0, 1e-6, 0)
  G <- survfit(Surv(later, 1 - d$event) ~ 1)
  g <- stepfun(G$time, c(1, G$surv))
  gb <- g(d$time - 1e-7)
  for (i in seq_along(TIMES)) {
    t <- TIMES[i]; case <- d$time <= t & d$event == 1; alive <- d$time > t
    w <- ifelse(case, 1 / gb, ifelse(alive, 1 / g(t + 2e-6), 0))
    put(cohort, paste("brier", i), mean(w * (alive - d[[paste0("p", i)]])^2))
    for (s in c("x", "y")) {
      a <- outer(d[[s]][case], d[[s]][alive], function(u, v) (u > v) + (u == v) / 2)
      put(cohort, paste("auc", s, i), sum(a * (1 / gb[case])) / (sum(1 / gb[case]) * sum(alive)))
    }
  }
  f <- lapply(c("factor(x)", "factor(y)", "factor(x) + factor(y)"), function(v)
    coxph(as.formula(paste("Surv(time, event) ~", v)), d))
  put(cohort, "loglik", sapply(f, function(m) m$loglik[2])); put(cohort, "aic", sapply(f, AIC))
  put(cohort, "p", c(anova(f[[1]], f[[3]])[2, 4], anova(f[[2]], f[[3]])[2, 4]))
}
write.csv(do.call(rbind, results), file.path(folder, "results.csv"), row.names = FALSE)
