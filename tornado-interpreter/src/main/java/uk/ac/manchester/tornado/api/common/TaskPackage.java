package uk.ac.manchester.tornado.api.common;

import java.util.Objects;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task1;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task10;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task11;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task12;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task13;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task14;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task15;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task16;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task17;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task18;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task19;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task2;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task20;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task3;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task4;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task6;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task7;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task8;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task9;

/** A task before it joins a graph: a name, the method to run and its arguments. */
public class TaskPackage {
    private final String id;
    private final Object code;
    private final Object[] arguments;

    private TaskPackage(String id, Object code, int parameterCount, Object... arguments) {
        this.id = Objects.requireNonNull(id, "the name of a task");
        this.code = Objects.requireNonNull(code, "the method of a task");
        for (int i = 0; i < parameterCount; i++) {
            Objects.requireNonNull(arguments[i], "argument " + i + " of a task");
        }
        this.arguments = arguments;
    }

    public TaskPackage(String id, Task code) {
        this(id, code, 0);
    }

    public <T1> TaskPackage(String id, Task1<T1> code, T1 argument1) {
        this(id, code, 1, argument1);
    }

    public <T1, T2> TaskPackage(String id, Task2<T1, T2> code, T1 argument1, T2 argument2) {
        this(id, code, 2, argument1, argument2);
    }

    public <T1, T2, T3> TaskPackage(String id, Task3<T1, T2, T3> code, T1 argument1, T2 argument2, T3 argument3) {
        this(id, code, 3, argument1, argument2, argument3);
    }

    public <T1, T2, T3, T4> TaskPackage(
            String id, Task4<T1, T2, T3, T4> code, T1 argument1, T2 argument2, T3 argument3, T4 argument4) {
        this(id, code, 4, argument1, argument2, argument3, argument4);
    }

    public <T1, T2, T3, T4, T5> TaskPackage(
            String id,
            Task5<T1, T2, T3, T4, T5> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5) {
        this(id, code, 5, argument1, argument2, argument3, argument4, argument5);
    }

    public <T1, T2, T3, T4, T5, T6> TaskPackage(
            String id,
            Task6<T1, T2, T3, T4, T5, T6> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6) {
        this(id, code, 6, argument1, argument2, argument3, argument4, argument5, argument6);
    }

    public <T1, T2, T3, T4, T5, T6, T7> TaskPackage(
            String id,
            Task7<T1, T2, T3, T4, T5, T6, T7> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7) {
        this(id, code, 7, argument1, argument2, argument3, argument4, argument5, argument6, argument7);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8> TaskPackage(
            String id,
            Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8) {
        this(id, code, 8, argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskPackage(
            String id,
            Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9) {
        this(
                id, code, 9, argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8,
                argument9);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskPackage(
            String id,
            Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10) {
        this(
                id,
                code,
                10,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskPackage(
            String id,
            Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
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
            T11 argument11) {
        this(
                id,
                code,
                11,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskPackage(
            String id,
            Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
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
            T12 argument12) {
        this(
                id,
                code,
                12,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskPackage(
            String id,
            Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
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
            T13 argument13) {
        this(
                id,
                code,
                13,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskPackage(
            String id,
            Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
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
            T14 argument14) {
        this(
                id,
                code,
                14,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskPackage(
            String id,
            Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
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
            T15 argument15) {
        this(
                id,
                code,
                15,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> TaskPackage(
            String id,
            Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> code,
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
            T16 argument16) {
        this(
                id,
                code,
                16,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> TaskPackage(
            String id,
            Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> code,
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
            T17 argument17) {
        this(
                id,
                code,
                17,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18> TaskPackage(
            String id,
            Task18<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18> code,
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
            T18 argument18) {
        this(
                id,
                code,
                18,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19> TaskPackage(
            String id,
            Task19<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19> code,
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
            T19 argument19) {
        this(
                id,
                code,
                19,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18,
                argument19);
    }

    public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20> TaskPackage(
            String id,
            Task20<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20> code,
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
            T20 argument20) {
        this(
                id,
                code,
                20,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18,
                argument19,
                argument20);
    }

    public static TaskPackage createPackage(String id, Task code) {
        return new TaskPackage(id, code);
    }

    public static <T1> TaskPackage createPackage(String id, Task1<T1> code, T1 argument1) {
        return new TaskPackage(id, code, argument1);
    }

    public static <T1, T2> TaskPackage createPackage(String id, Task2<T1, T2> code, T1 argument1, T2 argument2) {
        return new TaskPackage(id, code, argument1, argument2);
    }

    public static <T1, T2, T3> TaskPackage createPackage(
            String id, Task3<T1, T2, T3> code, T1 argument1, T2 argument2, T3 argument3) {
        return new TaskPackage(id, code, argument1, argument2, argument3);
    }

    public static <T1, T2, T3, T4> TaskPackage createPackage(
            String id, Task4<T1, T2, T3, T4> code, T1 argument1, T2 argument2, T3 argument3, T4 argument4) {
        return new TaskPackage(id, code, argument1, argument2, argument3, argument4);
    }

    public static <T1, T2, T3, T4, T5> TaskPackage createPackage(
            String id,
            Task5<T1, T2, T3, T4, T5> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5) {
        return new TaskPackage(id, code, argument1, argument2, argument3, argument4, argument5);
    }

    public static <T1, T2, T3, T4, T5, T6> TaskPackage createPackage(
            String id,
            Task6<T1, T2, T3, T4, T5, T6> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6) {
        return new TaskPackage(id, code, argument1, argument2, argument3, argument4, argument5, argument6);
    }

    public static <T1, T2, T3, T4, T5, T6, T7> TaskPackage createPackage(
            String id,
            Task7<T1, T2, T3, T4, T5, T6, T7> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7) {
        return new TaskPackage(id, code, argument1, argument2, argument3, argument4, argument5, argument6, argument7);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8> TaskPackage createPackage(
            String id,
            Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8) {
        return new TaskPackage(
                id, code, argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskPackage createPackage(
            String id,
            Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9) {
        return new TaskPackage(
                id, code, argument1, argument2, argument3, argument4, argument5, argument6, argument7, argument8,
                argument9);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskPackage createPackage(
            String id,
            Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
            T1 argument1,
            T2 argument2,
            T3 argument3,
            T4 argument4,
            T5 argument5,
            T6 argument6,
            T7 argument7,
            T8 argument8,
            T9 argument9,
            T10 argument10) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskPackage createPackage(
            String id,
            Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
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
            T11 argument11) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskPackage createPackage(
            String id,
            Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
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
            T12 argument12) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskPackage createPackage(
            String id,
            Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
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
            T13 argument13) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskPackage createPackage(
            String id,
            Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
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
            T14 argument14) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskPackage createPackage(
            String id,
            Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
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
            T15 argument15) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> TaskPackage createPackage(
            String id,
            Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> code,
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
            T16 argument16) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>
            TaskPackage createPackage(
                    String id,
                    Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> code,
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
                    T17 argument17) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
            TaskPackage createPackage(
                    String id,
                    Task18<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18> code,
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
                    T18 argument18) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19>
            TaskPackage createPackage(
                    String id,
                    Task19<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19> code,
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
                    T19 argument19) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18,
                argument19);
    }

    public static <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20>
            TaskPackage createPackage(
                    String id,
                    Task20<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20>
                            code,
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
                    T20 argument20) {
        return new TaskPackage(
                id,
                code,
                argument1,
                argument2,
                argument3,
                argument4,
                argument5,
                argument6,
                argument7,
                argument8,
                argument9,
                argument10,
                argument11,
                argument12,
                argument13,
                argument14,
                argument15,
                argument16,
                argument17,
                argument18,
                argument19,
                argument20);
    }

    public String getId() {
        return id;
    }

    /** The number of parameters of the task's method. */
    public int getTaskType() {
        return arguments.length;
    }

    /** The method, then its arguments. */
    public Object[] getTaskParameters() {
        Object[] parameters = new Object[arguments.length + 1];
        parameters[0] = code;
        System.arraycopy(arguments, 0, parameters, 1, arguments.length);
        return parameters;
    }

    public boolean isPrebuiltTask() {
        return false;
    }
}
