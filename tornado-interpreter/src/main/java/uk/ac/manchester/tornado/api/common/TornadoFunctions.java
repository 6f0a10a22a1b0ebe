package uk.ac.manchester.tornado.api.common;

/** Shapes of task methods: up to twenty parameters, no result. */
public final class TornadoFunctions {
    public TornadoFunctions() {}

    /** A task method without parameters. */
    @FunctionalInterface
    public interface Task {
        void apply();
    }

    /** A task method of one parameter. */
    @FunctionalInterface
    public interface Task1<T1> {
        void apply(T1 argument1);
    }

    /** A task method of two parameters. */
    @FunctionalInterface
    public interface Task2<T1, T2> {
        void apply(T1 argument1, T2 argument2);
    }

    /** A task method of three parameters. */
    @FunctionalInterface
    public interface Task3<T1, T2, T3> {
        void apply(T1 argument1, T2 argument2, T3 argument3);
    }

    /** A task method of four parameters. */
    @FunctionalInterface
    public interface Task4<T1, T2, T3, T4> {
        void apply(T1 argument1, T2 argument2, T3 argument3, T4 argument4);
    }

    /** A task method of five parameters. */
    @FunctionalInterface
    public interface Task5<T1, T2, T3, T4, T5> {
        void apply(T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5);
    }

    /** A task method of six parameters. */
    @FunctionalInterface
    public interface Task6<T1, T2, T3, T4, T5, T6> {
        void apply(T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6);
    }

    /** A task method of seven parameters. */
    @FunctionalInterface
    public interface Task7<T1, T2, T3, T4, T5, T6, T7> {
        void apply(T1 argument1, T2 argument2, T3 argument3, T4 argument4, T5 argument5, T6 argument6, T7 argument7);
    }

    /** A task method of eight parameters. */
    @FunctionalInterface
    public interface Task8<T1, T2, T3, T4, T5, T6, T7, T8> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8);
    }

    /** A task method of nine parameters. */
    @FunctionalInterface
    public interface Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9);
    }

    /** A task method of ten parameters. */
    @FunctionalInterface
    public interface Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10);
    }

    /** A task method of eleven parameters. */
    @FunctionalInterface
    public interface Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11);
    }

    /** A task method of twelve parameters. */
    @FunctionalInterface
    public interface Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12);
    }

    /** A task method of thirteen parameters. */
    @FunctionalInterface
    public interface Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13);
    }

    /** A task method of fourteen parameters. */
    @FunctionalInterface
    public interface Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14);
    }

    /** A task method of fifteen parameters. */
    @FunctionalInterface
    public interface Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14,
                T15 argument15);
    }

    /** A task method of sixteen parameters. */
    @FunctionalInterface
    public interface Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14,
                T15 argument15,
                T16 argument16);
    }

    /** A task method of seventeen parameters. */
    @FunctionalInterface
    public interface Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14,
                T15 argument15,
                T16 argument16,
                T17 argument17);
    }

    /** A task method of eighteen parameters. */
    @FunctionalInterface
    public interface Task18<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14,
                T15 argument15,
                T16 argument16,
                T17 argument17,
                T18 argument18);
    }

    /** A task method of nineteen parameters. */
    @FunctionalInterface
    public interface Task19<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14,
                T15 argument15,
                T16 argument16,
                T17 argument17,
                T18 argument18,
                T19 argument19);
    }

    /** A task method of twenty parameters. */
    @FunctionalInterface
    public interface Task20<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20> {
        void apply(
                T1 argument1,
                T2 argument2,
                T3 argument3,
                T4 argument4,
                T5 argument5,
                T6 argument6,
                T7 argument7,
                T8 argument8,
                T9 argument9,
                T10 argument10,
                T11 argument11,
                T12 argument12,
                T13 argument13,
                T14 argument14,
                T15 argument15,
                T16 argument16,
                T17 argument17,
                T18 argument18,
                T19 argument19,
                T20 argument20);
    }
}
