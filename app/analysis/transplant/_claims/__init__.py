"""What an emulated trial may claim: for whom, until when, with which interval, resting on whom."""
