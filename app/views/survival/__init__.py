"""The survival page: curves, competing risks, Cox models, the screen, events during follow-up."""
