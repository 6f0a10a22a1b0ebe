package sala.model.cpu;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Independent units of work that the workers of a team take one after another, so that unequal units and busy cores do
 * not leave workers idle. A unit's result must not depend on the worker that does it. Running allocates nothing.
 */
final class UnitQueue {
    /** Work cut into units. */
    interface Work {
        /**
         * Does one unit.
         *
         * @param worker who does it, for scratch that workers do not share
         * @param unit which one, {@code 0 <= unit < units}
         */
        void run(int worker, int unit);
    }

    private final WorkerTeam team;
    private final WorkerTeam.Job job;
    private final AtomicInteger nextUnit = new AtomicInteger();
    private int units;

    UnitQueue(WorkerTeam team, Work work) {
        this.team = team;
        this.job = (worker, _) -> {
            for (int unit = nextUnit.getAndIncrement(); unit < units; unit = nextUnit.getAndIncrement()) {
                work.run(worker, unit);
            }
        };
    }

    /** Does the given number of units and waits for all. */
    void run(int newUnits) {
        units = newUnits; // published by the team
        nextUnit.set(0);
        team.run(job);
    }
}
