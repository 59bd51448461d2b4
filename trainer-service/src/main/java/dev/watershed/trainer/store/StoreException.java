package dev.watershed.trainer.store;

import java.sql.SQLException;

/** The database did not do what it was asked; nothing was changed, and asking again may work. */
public final class StoreException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StoreException(String message, SQLException cause) {
    super(message, cause);
  }
}
