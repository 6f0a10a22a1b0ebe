package sala.model.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class WorkerTeamTest {
    /** More workers than the machine has cores: the waiting ones must give way, and no wake-up may be lost. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 9})
    void everyWorkerRunsEveryJobOnce(int workers) {
        int jobs = 5000;
        AtomicIntegerArray runs = new AtomicIntegerArray(workers);
        try (WorkerTeam team = new WorkerTeam(workers)) {
            for (int job = 1; job <= jobs; job++) {
                team.run((worker, total) -> {
                    assertEquals(workers, total);
                    runs.incrementAndGet(worker);
                });
                for (int worker = 0; worker < workers; worker++) {
                    assertEquals(job, runs.get(worker));
                }
            }
        }
    }

    /** What a job writes with plain stores is seen by the caller and by the next job, whichever worker reads it. */
    @Test
    void resultsAreVisibleWithoutFurtherSynchronisation() {
        int workers = 4;
        int[] sums = new int[workers];
        int[] next = new int[workers];
        try (WorkerTeam team = new WorkerTeam(workers)) {
            for (int job = 1; job <= 2000; job++) {
                team.run((worker, total) -> next[worker] = sums[(worker + 1) % total] + 1);
                team.run((worker, total) -> sums[worker] = next[(worker + 1) % total]);
                for (int sum : sums) {
                    assertEquals(job, sum);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aFailureIsCarriedAndTheTeamGoesOn(int failing) {
        AtomicIntegerArray runs = new AtomicIntegerArray(3);
        IllegalStateException failure = new IllegalStateException("no");
        try (WorkerTeam team = new WorkerTeam(3)) {
            IllegalStateException thrown = assertThrows(
                    IllegalStateException.class,
                    () -> team.run((worker, total) -> {
                        runs.incrementAndGet(worker);
                        if (worker == failing) {
                            throw failure;
                        }
                    }));
            assertSame(failure, thrown.getCause());
            team.run((worker, total) -> runs.incrementAndGet(worker));
        }
        for (int worker = 0; worker < 3; worker++) {
            assertEquals(2, runs.get(worker));
        }
    }

    @Test
    void aClosedTeamRefusesWork() {
        WorkerTeam team = new WorkerTeam(2);
        team.close();
        team.close();
        assertThrows(IllegalStateException.class, () -> team.run((worker, total) -> {}));
    }

    @Test
    void aTeamNeedsAWorker() {
        assertThrows(IllegalArgumentException.class, () -> new WorkerTeam(0));
    }

    @Test
    void sharesCoverEverythingOnceAtMultiplesOfTheUnit() {
        for (int count : new int[] {0, 1, 7, 8, 9, 63, 64, 65, 1000}) {
            for (int workers : new int[] {1, 2, 3, 64}) {
                assertEquals(0, WorkerTeam.shareStart(count, 8, 0, workers));
                for (int worker = 0; worker < workers; worker++) {
                    int start = WorkerTeam.shareStart(count, 8, worker, workers);
                    assertEquals(0, start == count ? 0 : start % 8);
                }
                assertEquals(count, WorkerTeam.shareStart(count, 8, workers, workers));
            }
        }
    }
}
