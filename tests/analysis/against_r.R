# What R answers about every cohort in a folder: Rscript against_r.R FOLDER
# Reads FOLDER/<cohort>.csv, writes FOLDER/results.csv with cohort, key, position and value.
suppressPackageStartupMessages(library(survival))
folder <- commandArgs(trailingOnly = TRUE)[1]
has_cmprsk <- suppressPackageStartupMessages(requireNamespace("cmprsk", quietly = TRUE))
results <- list()
cohort <- ""
put <- function(key, values) {
  values <- as.numeric(values)
  if (length(values)) {
    results[[length(results) + 1]] <<- data.frame(
      cohort = cohort, key = key, position = seq_along(values),
      value = format(values, digits = 17, scientific = TRUE, trim = TRUE))
  }
}
HORIZON <- 20
TICKS <- c(0.5, 1, 3, 6.5, 12)
GIVEN <- 2.5

outcome <- function(d) {
  if (any(d$entry > 0)) Surv(d$entry, d$time, d$event) else Surv(d$time, d$event)
}

curves <- function(d) {
  for (g in sort(unique(d$group))) {
    own <- d[d$group == g, ]
    for (type in c("log-log", "log", "plain")) {
      key <- function(name) paste("km", g, type, name, sep = "/")
      fit <- survfit(outcome(own) ~ 1, conf.type = type)
      s <- summary(fit, censored = TRUE)
      put(key("lower"), s$lower); put(key("upper"), s$upper)
      q <- quantile(fit, c(0.25, 0.5, 0.75))
      put(key("quantile"), c(q$quantile, q$lower, q$upper))
      if (type == "log-log") {
        put(key("time"), fit$time); put(key("n_risk"), fit$n.risk)
        put(key("n_event"), fit$n.event); put(key("n_censored"), fit$n.censor)
        put(key("survival"), s$surv); put(key("std_error"), s$std.err)
        row <- summary(fit, rmean = HORIZON)$table
        put(key("rmst"), row[c("rmean", "se(rmean)")])
        ticks <- TICKS[TICKS <= max(fit$time)]
        at <- summary(fit, times = ticks)
        put(key("at"), c(at$surv, at$std.err)); put(key("at_n_risk"), at$n.risk)
        weighted <- survfit(outcome(own) ~ 1, weights = own$weight)
        put(key("weighted"), weighted$surv); put(key("weighted_n_risk"), weighted$n.risk)
      }
      later <- max(own$time) - GIVEN
      if (later > 0) {
        kept <- survfit(outcome(own) ~ 1, conf.type = type, start.time = GIVEN)
        times <- GIVEN + c(0.5, 3, 9); times <- times[times <= max(own$time)]
        if (length(times)) {
          at <- summary(kept, times = times)
          put(key("conditional"), c(at$surv, at$lower, at$upper))
        }
      }
    }
  }
}

# Who is at risk at each event time, one stratum a time. Tests stratified by it are the log-rank
# tests of delayed entry, which survdiff itself does not know.
by_event <- function(start, stop, event, columns) {
  times <- sort(unique(stop[event == 1]))
  do.call(rbind, lapply(times, function(t) {
    here <- start < t & stop >= t
    data.frame(at = t, died = as.numeric(event == 1 & stop == t)[here],
               columns[here, , drop = FALSE], now = 1)
  }))
}

comparisons <- function(d) {
  # An event at time zero has everyone at risk who is not entering late.
  start <- if (any(d$entry > 0)) d$entry else rep(-1, nrow(d))
  long <- by_event(start, d$time, d$event, d[c("group", "stratum")])
  if (any(d$entry > 0)) {
    put("logrank/plain/entry", survdiff(Surv(now, died) ~ group + strata(at), long)$chisq)
    test <- survdiff(Surv(now, died) ~ group + strata(at, stratum), long)
    put("logrank/stratified/entry", test$chisq)
  } else {
    for (rho in c(0, 0.5, 1)) for (layers in c("plain", "stratified")) {
      f <- Surv(time, event) ~ group
      if (layers == "stratified") f <- update(f, . ~ . + strata(stratum))
      test <- survdiff(f, d, rho = rho)
      total <- function(x) if (is.matrix(x)) rowSums(x) else x
      key <- paste("logrank", layers, rho, sep = "/")
      put(key, c(test$chisq, sum(total(test$exp) > 0) - 1))
      put(paste0(key, "/observed"), total(test$obs)); put(paste0(key, "/expected"), total(test$exp))
    }
    pairs <- combn(sort(unique(d$group)), 2)
    if (ncol(pairs) <= 10) {
      p <- apply(pairs, 2, function(pair) {
        own <- d[d$group %in% pair, ]
        if (!any(own$event == 1)) return(NA)
        test <- survdiff(Surv(time, event) ~ group, own)
        if (sum(test$exp > 0) < 2) NA else pchisq(test$chisq, 1, lower.tail = FALSE)
      })
      put("pairs/p", p); put("pairs/holm", p.adjust(p, "holm")); put("pairs/bh", p.adjust(p, "BH"))
    }
  }
  long$score <- as.numeric(factor(long$group, sort(unique(d$group))))
  trend <- coxph(Surv(now, died) ~ score + strata(at), long, ties = "exact")
  put("trend", trend$score)
}

model <- function(name, fit) {
  key <- function(what) paste("cox", name, what, sep = "/")
  table <- summary(fit)$coefficients
  put(key("coef"), table[, "coef"]); put(key("se"), table[, "se(coef)"])
  put(key("p"), table[, "Pr(>|z|)"])
  put(key("loglik"), fit$loglik); put(key("lr"), summary(fit)$logtest)
  put(key("concordance"), fit$concordance[c("concordance", "std")])
  zph <- cox.zph(fit)$table
  put(key("zph"), zph[, "chisq"]); put(key("zph_df"), zph[, "df"]); put(key("zph_p"), zph[, "p"])
}

models <- function(d) {
  y <- outcome(d)
  plain <- coxph(y ~ x + y1 + flag + stage, d)
  crossed <- coxph(y ~ x + y1 + flag + stage + x:flag + flag:stage, d)
  model("plain", plain)
  model("strata", coxph(y ~ x + y1 + flag + stage + strata(stratum), d))
  model("interactions", crossed)
  put("anova", anova(coxph(y ~ flag + stage, d), coxph(y ~ flag * stage, d))[2, 4])

  numeric <- coxph(y ~ x + y1, d)
  base <- survfit(numeric, newdata = data.frame(x = mean(d$x), y1 = mean(d$y1)))
  happened <- base$n.event > 0
  put("baseline/time", base$time[happened]); put("baseline/hazard", base$cumhaz[happened])
  for (level in 0:1) {
    everyone <- survfit(plain, newdata = transform(d, flag = level), se.fit = FALSE)
    at <- summary(everyone, times = c(1, 3, 6))
    put(paste0("adjusted/", level), rowMeans(at$surv))
  }
  for (gene in paste0("g", 1:5)) {
    for (adjusted in c("plain", "adjusted")) {
      f <- as.formula(paste("y ~", gene, if (adjusted == "adjusted") "+ x + stage" else ""))
      row <- summary(coxph(f, d))
      put(paste("scan", adjusted, gene, sep = "/"),
          c(row$conf.int[1, c(1, 3, 4)], row$coefficients[1, "Pr(>|z|)"]))
    }
  }
}

agreement <- function(d) {
  y <- outcome(d)
  d$score <- round(2 * d$x) / 2
  for (layers in c("plain", "stratified")) {
    f <- if (layers == "plain") y ~ score else y ~ score + strata(stratum)
    found <- concordance(f, d, reverse = TRUE)
    put(paste0("concordance/", layers), c(found$concordance, sqrt(found$var)))
  }
}

during <- function(d) {
  d <- d[d$time > 0, ]
  rows <- tmerge(d, d, id = id, died = event(time, event), on = tdc(exposed_at))
  rows <- rows[order(rows$id, rows$tstart), ]
  put("split/id", rows$id); put("split/start", rows$tstart); put("split/stop", rows$tstop)
  put("split/event", rows$died); put("split/on", rows$on)
  model("during", coxph(Surv(tstart, tstop, died) ~ on + x + stage, rows))
  long <- by_event(rows$tstart, rows$tstop, rows$died, rows["on"])
  put("mantel_byar", survdiff(Surv(now, died) ~ on + strata(at), long)$chisq)
  late <- d[d$time > GIVEN, ]
  late$early <- !is.na(late$exposed_at) & late$exposed_at <= GIVEN
  fit <- summary(coxph(Surv(time - GIVEN, event) ~ early, late))
  put("landmark", c(fit$conf.int[1, c(1, 3, 4)],
                    survdiff(Surv(time - GIVEN, event) ~ early, late)$pvalue))
}

competing <- function(d) {
  state <- factor(d$cause, 0:2, c("censored", "one", "two"))
  for (g in sort(unique(d$group))) {
    own <- d$group == g
    y <- if (any(d$entry > 0)) Surv(d$entry[own], d$time[own], state[own]) else
      Surv(d$time[own], state[own])
    fit <- survfit(y ~ 1, id = d$id[own], se.fit = FALSE)
    put(paste0("incidence/", g, "/time"), fit$time)
    for (cause in 1:2) put(paste0("incidence/", g, "/", cause), fit$pstate[, cause + 1])
  }
  if (any(d$entry > 0)) return(invisible())
  long <- finegray(Surv(time, state) ~ x + flag + stage, cbind(d, state), etype = "one")
  fit <- coxph(Surv(fgstart, fgstop, fgstatus) ~ x + flag + stage, long, weights = fgwt,
               ties = "breslow", robust = FALSE)
  put("finegray/coef", coef(fit))
  if (!has_cmprsk) return(invisible())
  for (layers in c("plain", "stratified")) for (rho in c(0, 1)) {
    arguments <- list(d$time, d$cause, d$group, rho = rho)
    if (layers == "stratified") arguments$strata <- d$stratum
    found <- do.call(cmprsk::cuminc, arguments)
    put(paste("gray", layers, rho, sep = "/"), found$Tests[, c("stat", "df")])
  }
  at <- cmprsk::timepoints(cmprsk::cuminc(d$time, d$cause, d$group), c(1, 3, 6))
  for (curve in rownames(at$est)) {
    name <- sub(" ", "/", curve)
    put(paste0("cmprsk/", name, "/est"), at$est[curve, ])
    put(paste0("cmprsk/", name, "/var"), at$var[curve, ])
  }
  # crr takes a time of zero for the start; only the order of times counts.
  fit <- cmprsk::crr(d$time + 1, d$cause, model.matrix(~ x + flag + stage, d)[, -1])
  put("crr/coef", fit$coef); put("crr/se", sqrt(diag(fit$var)))
}

for (path in list.files(folder, "[.]csv$", full.names = TRUE)) {
  cohort <- sub("[.]csv$", "", basename(path))
  d <- read.csv(path, colClasses = c(group = "character", stage = "character"))
  curves(d); comparisons(d); agreement(d)
  # One empty level makes a coefficient infinite, and forty groups are about tests.
  if (all(tapply(d$event, d$stage, sum) > 5)) models(d)
  during(d); competing(d)
}
cohort <- "R"
put("cmprsk", has_cmprsk)
write.csv(do.call(rbind, results), file.path(folder, "results.csv"), row.names = FALSE)
