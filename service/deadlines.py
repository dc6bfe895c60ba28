"""The days of the yearly programme, as settings: each province may set its own (domain, plan IV)."""

from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings

from programme.calendar import Calendar
from programme.criteria_checks import month_day

LastDay = Annotated[str, AfterValidator(month_day)]  # the whole day counts, in Asia/Ho_Chi_Minh


class Deadlines(BaseSettings):
    """The part of `Settings` that the calendar of the programme is made of."""

    registration_last_day: Annotated[
        LastDay, Field(description="Last full day, MM-DD, on which units register to build an exemplary unit.")
    ] = "06-30"
    plan_last_day: Annotated[
        LastDay, Field(description="Last full day, MM-DD, on which approved units issue resolution and plan.")
    ] = "03-31"
    safety_last_day: Annotated[
        LastDay, Field(description="Last full day, MM-DD, on which the “An toàn” result is decided.")
    ] = "11-19"
    movement_last_day: Annotated[
        LastDay, Field(description="Last full day, MM-DD, on which the movement is classified.")
    ] = "11-29"
    dossier_last_day: Annotated[
        LastDay, Field(description="Last full day, MM-DD, on which a dossier is in time (plan IV.2).")
    ] = "12-11"
    maintenance_last_day: Annotated[
        LastDay, Field(description="Last full day, MM-DD, on which units recognised before review themselves.")
    ] = "11-30"
    report_last_day: Annotated[
        int, Field(ge=1, le=28, description="Day of the next month on which a monthly report is still in time.")
    ] = 5
    remind_days: Annotated[int, Field(ge=0, le=90, description="Days before a deadline when a task reminds of it.")] = 7

    @property
    def calendar(self) -> Calendar:
        return Calendar(
            registration=self.registration_last_day,
            plan=self.plan_last_day,
            safety=self.safety_last_day,
            movement=self.movement_last_day,
            dossier=self.dossier_last_day,
            maintenance=self.maintenance_last_day,
            report=self.report_last_day,
            remind=self.remind_days,
        )
