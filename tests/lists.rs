//! Losses of lists: rankings, margins between classes, Cox's partial likelihood.

mod case;
mod configs;
mod forms;
mod goldens;
mod hostile;
mod paths;
mod speed;
