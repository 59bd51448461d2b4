-- Beside "trainer", which the image makes itself.
CREATE DATABASE analysis;
