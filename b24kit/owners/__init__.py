"""Who works here and when: staff, working time, absences, turns. Shared by clean-up and robots; knows no portal."""
