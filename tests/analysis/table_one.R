# What R's own tests give for one table: arguments are a CSV (group, then variables) and the output.
# Numeric columns: wilcox/kruskal and Welch; character columns: chi-square, Fisher.
arguments <- commandArgs(trailingOnly = TRUE)
data <- read.csv(arguments[1], stringsAsFactors = FALSE, na.strings = "")
group <- factor(data$group)
pooled <- function(x) {
  pairs <- combn(levels(group), 2)
  max(na.rm = TRUE, apply(pairs, 2, function(p) {
    a <- x[group == p[1] & !is.na(x)]; b <- x[group == p[2] & !is.na(x)]
    abs(mean(a) - mean(b)) / sqrt((var(a) + var(b)) / 2)
  }))
}
rows <- lapply(setdiff(names(data), "group"), function(name) {
  x <- data[[name]]
  if (is.numeric(x)) {
    two <- nlevels(group) == 2
    rank <- if (two) wilcox.test(x ~ group, exact = FALSE) else kruskal.test(x ~ group)
    mean <- oneway.test(x ~ group, var.equal = FALSE)
    data.frame(variable = name, rank_stat = unname(rank$statistic), rank_p = rank$p.value,
               mean_p = mean$p.value, chi = NA, chi_p = NA, fisher_p = NA, smd = pooled(x))
  } else {
    counts <- table(group, x)
    chi <- suppressWarnings(chisq.test(counts, correct = FALSE))
    set.seed(1)
    fisher <- if (all(dim(counts) == 2)) fisher.test(counts)$p.value else
      chisq.test(counts, simulate.p.value = TRUE, B = 20000)$p.value
    data.frame(variable = name, rank_stat = NA, rank_p = NA, mean_p = NA,
               chi = unname(chi$statistic), chi_p = chi$p.value, fisher_p = fisher, smd = NA)
  }
})
result <- do.call(rbind, rows)
p <- ifelse(is.na(result$rank_p), result$chi_p, result$rank_p)
result$q <- p.adjust(p, "BH")
write.csv(result, arguments[2], row.names = FALSE)
