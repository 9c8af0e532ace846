# Times R's survival on the cohorts of a folder: Rscript survival.R FOLDER
# Reads FOLDER/<patients>.csv, writes FOLDER/r.csv with patients, task, seconds, what and value.
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
rows <- list()
COVARIATES <- paste0("x", 1:6)
model <- as.formula(paste("Surv(time, event) ~", paste(COVARIATES, collapse = " + ")))

# Median seconds of the repeats, around the call alone.
timed <- function(patients, task, repeats, call, figures) {
  seconds <- replicate(repeats, {
    start <- proc.time()[["elapsed"]]
    answer <<- call()
    proc.time()[["elapsed"]] - start
  })
  values <- figures(answer)
  rows[[length(rows) + 1]] <<- data.frame(
    patients, task, seconds = median(seconds), position = seq_along(values),
    value = format(as.numeric(values), digits = 17, trim = TRUE))
}

for (patients in sort(as.numeric(sub(".csv", "", list.files(folder, "^[0-9]+[.]csv$"))))) {
  d <- read.csv(file.path(folder, sprintf("%d.csv", patients)))
  repeats <- if (patients > 1e5) 3 else 5
  timed(patients, "curves", repeats, function() {
    fit <- survfit(Surv(time, event) ~ group, d, conf.type = "log-log")
    list(fit, survdiff(Surv(time, event) ~ group, d))
  }, function(a) c(summary(a[[1]], times = c(12, 60))$surv, a[[2]]$chisq))
  timed(patients, "cox", repeats, function() summary(coxph(model, d)), function(a) a$coefficients[, 1])
  fit <- coxph(model, d)
  timed(patients, "zph", repeats, function() cox.zph(fit), function(a) a$table[, "chisq"])
  genes <- grep("^g[0-9]", names(d), value = TRUE)
  timed(patients, "screen", 1, function() sapply(genes, function(gene) {
    coef(coxph(as.formula(paste("Surv(time, event) ~", gene)), d))
  }), identity)
}
write.csv(do.call(rbind, rows), file.path(folder, "r.csv"), row.names = FALSE)
