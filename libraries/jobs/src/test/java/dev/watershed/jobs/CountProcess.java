package dev.watershed.jobs;

import com.zaxxer.hikari.HikariDataSource;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A worker in a process of its own, to be killed: tells of the job that it has and goes no further.
 */
final class CountProcess {
  private CountProcess() {}

  /** Takes the address of the database, the heartbeat in milliseconds and the job to stop at. */
  public static void main(String[] arguments) throws Exception {
    var dataSource = new HikariDataSource();
    dataSource.setJdbcUrl(arguments[0]);
    var loop = new CountLoop().hold(arguments[2]);
    var worker =
        new CountWorker(
            dataSource,
            false,
            loop,
            false,
            Duration.ofMillis(Long.parseLong(arguments[1])),
            CountWorker.OFTEN);
    worker.worker.start();
    while (true) {
      tell(loop.begun.take().job().id());
    }
  }

  private static void tell(String line) {
    var bytes = (">" + line + "\n").getBytes(StandardCharsets.UTF_8);
    System.out.write(bytes, 0, bytes.length);
    System.out.flush();
  }
}
